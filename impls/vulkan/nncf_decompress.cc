// nncf_compress_constants and nncf_decompress.

#include "impls/vulkan/kernels.h"
#include "impls/vulkan/word_shader.h"

namespace plumb::vulkan {
namespace {

constexpr std::uint32_t kPackSpirv[] =
#include "shaders/nncf_pack_constants.spv.inc"
    ;
constexpr std::uint32_t kHalfSpirv[] =
#include "shaders/f32_to_f16.spv.inc"
    ;
constexpr std::uint32_t kDecompressSpirv[] =
#include "shaders/nncf_decompress.spv.inc"
    ;
constexpr Shader kPack{"nncf_pack_constants", kPackSpirv, 1};
constexpr Shader kHalf{"f32_to_f16", kHalfSpirv, 1};
constexpr Shader kDecompress{"nncf_decompress", kDecompressSpirv, 3};

enum CompressInput : std::size_t { kWeight, kScale, kZeroPoint };
enum CompressOutput : std::size_t { kPackedWeightOut, kStoredScaleOut, kStoredZeroPointOut };
enum DecompressInput : std::size_t { kPackedWeight, kStoredScale, kStoredZeroPoint };

// What the shader calls the element type of codes.
std::uint32_t kind_of_codes(DType dtype) { return dtype == DType::i32 ? 1 : dtype == DType::f32 ? 2 : 0; }

void pack(Device& device, const Call& call, std::size_t input, std::size_t output, std::uint32_t offset) {
  if (call.output_count(output) == 0) return;
  const std::vector<std::uint32_t> sizes = {static_cast<std::uint32_t>(call.input_count(input)),
                                            static_cast<std::uint32_t>(call["bits"]), offset,
                                            kind_of_codes(call.input_dtype(input))};
  run_per_word(device, kPack, call, output, {upload_bytes(device, "codes", bytes_of_input(call, input))}, sizes);
}

void run_compress(const DeviceId& id, const Call& call) {
  Device& device = Device::at(id);
  const auto bits = static_cast<std::uint32_t>(call["bits"]);
  const bool asymmetric = call["asym"] != 0;
  pack(device, call, kWeight, kPackedWeightOut, asymmetric || bits == 8 ? 0 : 1U << (bits - 1));
  if (asymmetric) pack(device, call, kZeroPoint, kStoredZeroPointOut, 0);
  if (call.output_count(kStoredScaleOut) == 0) return;
  std::vector<float> scale = call.input_as_f32(kScale);
  scale.resize((scale.size() + 1) / 2 * 2);
  run_per_word(device, kHalf, call, kStoredScaleOut, {device.upload("scale", scale)});
}

// What the shader calls the element type of the result.
std::uint32_t kind_of_result(DType dtype) { return dtype == DType::f32 ? 0 : dtype == DType::f16 ? 1 : 2; }

void run_decompress(const DeviceId& id, const Call& call) {
  if (call.output_count() == 0) return;
  Device& device = Device::at(id);
  const auto bits = static_cast<std::uint32_t>(call["bits"]);
  const std::uint32_t asymmetric = call["asym"] != 0 ? 1 : 0;
  const std::uint32_t flip = bits == 8 && asymmetric == 0 ? 128 : 0;
  const std::vector<std::uint32_t> sizes = {static_cast<std::uint32_t>(call.output_count()),
                                            static_cast<std::uint32_t>(call["columns"]),
                                            bits,
                                            flip,
                                            asymmetric,
                                            kind_of_result(call.output_dtype())};
  std::span<const std::byte> zero_points;  // upload_bytes makes one word of none
  if (asymmetric != 0) zero_points = bytes_of_input(call, kStoredZeroPoint);
  run_per_word(device, kDecompress, call, 0,
               {upload_bytes(device, "packed_weight", bytes_of_input(call, kPackedWeight)),
                device.upload("stored_scale", call.input_as_f32(kStoredScale)),
                upload_bytes(device, "stored_zero_point", zero_points)},
               sizes);
}

}  // namespace

Kernel nncf_compress_constants_kernel(const DeviceId& device) {
  return {"nncf_compress_constants", kExactContract, nullptr,
          [device](const Call& call, void*) { run_compress(device, call); }};
}

Kernel nncf_decompress_kernel(const DeviceId& device) {
  return {"nncf_decompress", kExactContract, nullptr,
          [device](const Call& call, void*) { run_decompress(device, call); }};
}

}  // namespace plumb::vulkan
