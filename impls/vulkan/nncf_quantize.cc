#include <cstring>

#include "impls/vulkan/kernels.h"
#include "impls/vulkan/word_shader.h"

namespace plumb::vulkan {
namespace {

constexpr std::uint32_t kGridSpirv[] =
#include "shaders/nncf_grid.spv.inc"
    ;
constexpr std::uint32_t kHalfSpirv[] =
#include "shaders/f32_to_f16.spv.inc"
    ;
constexpr std::uint32_t kCodesSpirv[] =
#include "shaders/nncf_codes.spv.inc"
    ;
constexpr std::uint32_t kDequantizeSpirv[] =
#include "shaders/nncf_dequantize.spv.inc"
    ;
constexpr Shader kGridShader{"nncf_grid", kGridSpirv, 1};
constexpr Shader kHalfShader{"f32_to_f16", kHalfSpirv, 1};
constexpr Shader kCodesShader{"nncf_codes", kCodesSpirv, 3};
constexpr Shader kDequantizeShader{"nncf_dequantize", kDequantizeSpirv, 3};

enum Output : std::size_t { kCodes, kScale, kZeroPoint, kDequantized };

// What an earlier shader made, for the next one. Nothing becomes one word.
StoragePtr upload_output(Device& device, const Call& call, Output output) {
  const auto size = static_cast<std::size_t>(call.output_count(output) * info(call.output_dtype(output)).size_bytes);
  return upload_bytes(device, call.op().outputs[output].name, {call.output<std::byte>(output).data(), size});
}

// The f32 scales, which are also stored, rounded if f16s are asked for.
std::vector<std::uint32_t> make_scales(Device& device, const Call& call, const StoragePtr& weight,
                                       std::vector<std::uint32_t> sizes) {
  const auto groups = static_cast<std::uint64_t>(call.output_count(kScale));
  const std::uint32_t local_size = device.local_size();
  sizes.insert(sizes.begin(), static_cast<std::uint32_t>(groups));
  std::vector<std::uint32_t> scales = device.run({.shader = &kGridShader,
                                                  .constants = {local_size},
                                                  .sizes = std::move(sizes),
                                                  .inputs = {weight},
                                                  .groups = (groups + local_size - 1) / local_size,
                                                  .output_words = groups});
  if (call.output_dtype(kScale) == DType::f16) {
    const auto bytes = std::as_bytes(std::span(scales));
    run_per_word(device, kHalfShader, call, kScale, {upload_bytes(device, "scale", bytes, 8)});
  } else {
    std::memcpy(call.output<std::byte>(kScale).data(), scales.data(), groups * sizeof scales[0]);
  }
  return scales;
}

void run(const DeviceId& id, const Call& call) {
  Device& device = Device::at(id);
  const bool asymmetric = call.output_dtype(kCodes) == DType::u8;
  const auto sizes = [&](std::uint32_t part) {
    return std::vector<std::uint32_t>{static_cast<std::uint32_t>(call.input_count(0)),
                                      static_cast<std::uint32_t>(call["group"]),
                                      static_cast<std::uint32_t>(call["inner"]),
                                      static_cast<std::uint32_t>(call["bits"]),
                                      asymmetric ? 1U : 0U,
                                      part};
  };
  const StoragePtr weight = device.upload("weight", call.input_as_f32(0));
  const StoragePtr scales = device.upload("scale", make_scales(device, call, weight, sizes(0)));
  if (asymmetric) run_per_word(device, kGridShader, call, kZeroPoint, {weight}, sizes(1));
  const StoragePtr zero_points = upload_output(device, call, kZeroPoint);
  run_per_word(device, kCodesShader, call, kCodes, {weight, scales, zero_points}, sizes(0));
  run_per_word(device, kDequantizeShader, call, kDequantized,
               {upload_output(device, call, kCodes), scales, zero_points}, sizes(0));
}

}  // namespace

Kernel nncf_quantize_kernel(const DeviceId& device) {
  return {"nncf_quantize", kExactContract, nullptr, [device](const Call& call, void*) { run(device, call); }};
}

}  // namespace plumb::vulkan
