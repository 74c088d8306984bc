#include <cstring>

#include "impls/vulkan/kernels.h"

namespace plumb::vulkan {
namespace {

constexpr std::uint32_t kSpirv[] =
#include "shaders/onnx_pack_blocks.spv.inc"
    ;
constexpr Shader kShader{"onnx_pack_blocks", kSpirv, 1};

// Bytes are moved and nothing is rounded: the rest of the contract has no meaning here.
constexpr plumb_contract kContract{.activation = PLUMB_F32,
                                   .weight = PLUMB_F64,
                                   .accumulator = PLUMB_F32,
                                   .chain_divisor = 1,
                                   .chain_extra = 0,
                                   .flushes_subnormals = 0,
                                   .deterministic = 1};

void run(const DeviceId& id, const Call& call) {
  const auto bytes = static_cast<std::size_t>(call.output_count());
  if (bytes == 0) return;
  Device& device = Device::at(id);
  const auto codes = call.input<std::byte>(0);
  const std::uint64_t words = (bytes + 3) / 4;
  const std::uint32_t local_size = device.local_size();
  const auto size = [&](const char* name) { return static_cast<std::uint32_t>(call[name]); };
  const std::uint32_t flip = call.input_dtype(0) == DType::i8 ? 8 : 0;
  const std::vector<std::uint32_t> result =
      device.run({.shader = &kShader,
                  .constants = {local_size},
                  .sizes = {static_cast<std::uint32_t>(bytes), size("K"), size("N"), size("block"), flip},
                  .inputs = {device.upload("codes", codes)},
                  .groups = (words + local_size - 1) / local_size,
                  .output_words = words});
  std::memcpy(call.output<std::byte>().data(), result.data(), bytes);
}

}  // namespace

Kernel onnx_pack_int4_blocks_kernel(const DeviceId& device) {
  return {"onnx_pack_int4_blocks", kContract, nullptr, [device](const Call& call, void*) { run(device, call); }};
}

}  // namespace plumb::vulkan
