#include "impls/vulkan/kernels.h"
#include "impls/vulkan/word_shader.h"

namespace plumb::vulkan {
namespace {

constexpr std::uint32_t kParametersSpirv[] =
#include "shaders/plain_int4_parameters.spv.inc"
    ;
constexpr std::uint32_t kCodesSpirv[] =
#include "shaders/plain_int4_codes.spv.inc"
    ;
constexpr Shader kParametersShader{"plain_int4_parameters", kParametersSpirv, 1};
constexpr Shader kCodesShader{"plain_int4_codes", kCodesSpirv, 3};

enum Output : std::size_t { kCodes, kScale, kZeroPoint };
// As the shader numbers them.
enum Part : std::uint32_t { kScalePart, kZeroPointPart, kMinPart };

// What the shaders take beyond their number of words.
std::vector<std::uint32_t> sizes_of(const Call& call, Output output, DType type, Part part) {
  return {word_of(call.output_count(output)),
          word_of(call["N"]),
          word_of(call["K"]),
          word_of(call["group"]),
          word_of(call["symmetric"]),
          static_cast<std::uint32_t>(type),
          part};
}

// A parameter of each group, in f32.
StoragePtr exact_parameter(Device& device, const Call& call, const StoragePtr& values, Part part) {
  const auto groups = static_cast<std::uint64_t>(call.output_count(kScale));
  const std::uint32_t local_size = device.local_size();
  std::vector<std::uint32_t> sizes = sizes_of(call, kScale, DType::f32, part);
  sizes.insert(sizes.begin(), static_cast<std::uint32_t>(groups));
  return device.upload("parameter", device.run({.shader = &kParametersShader,
                                                .constants = {local_size},
                                                .sizes = std::move(sizes),
                                                .inputs = {values},
                                                .groups = (groups + local_size - 1) / local_size,
                                                .output_words = groups}));
}

void run(const DeviceId& id, const Call& call) {
  Device& device = Device::at(id);
  const StoragePtr values = device.upload("w", call.input_as_f32(0));
  const StoragePtr scale = exact_parameter(device, call, values, kScalePart);
  const StoragePtr min = exact_parameter(device, call, values, kMinPart);
  run_per_word(device, kCodesShader, call, kCodes, {values, scale, min}, sizes_of(call, kCodes, DType::i8, kScalePart));
  for (const auto& [output, part] : {std::pair{kScale, kScalePart}, {kZeroPoint, kZeroPointPart}}) {
    run_per_word(device, kParametersShader, call, output, {values},
                 sizes_of(call, output, call.output_dtype(output), part));
  }
}

}  // namespace

Kernel quantize_plain_int4_kernel(const DeviceId& device) {
  return {"quantize_plain_int4", kExactContract, nullptr, [device](const Call& call, void*) { run(device, call); }};
}

}  // namespace plumb::vulkan
