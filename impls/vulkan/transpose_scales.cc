#include "impls/vulkan/kernels.h"
#include "impls/vulkan/word_shader.h"

namespace plumb::vulkan {
namespace {

constexpr std::uint32_t kSpirv[] =
#include "shaders/transpose_scales.spv.inc"
    ;
constexpr Shader kShader{"transpose_scales", kSpirv, 1};

void run(const DeviceId& id, const Call& call) {
  if (call.output_count() == 0) return;
  Device& device = Device::at(id);
  run_per_word(device, kShader, call, 0, {upload_bytes(device, "scales", bytes_of_input(call, 0))},
               {static_cast<std::uint32_t>(call["N"]), static_cast<std::uint32_t>(call["G"]),
                static_cast<std::uint32_t>(info(call.input_dtype(0)).size_bytes)});
}

}  // namespace

Kernel transpose_scales_kernel(const DeviceId& device) {
  return {"transpose_scales", kExactContract, nullptr, [device](const Call& call, void*) { run(device, call); }};
}

}  // namespace plumb::vulkan
