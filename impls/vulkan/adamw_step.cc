#include "impls/adamw_factors.h"
#include "impls/vulkan/kernels.h"
#include "impls/vulkan/word_shader.h"

namespace plumb::vulkan {
namespace {

constexpr std::uint32_t kSpirv[] =
#include "shaders/adamw_step.spv.inc"
    ;
constexpr Shader kShader{"adamw_step", kSpirv, 5};

void run(const DeviceId& id, const Call& call) {
  Device& device = Device::at(id);
  const AdamwFactors f(call);
  std::vector<StoragePtr> inputs;
  for (const std::size_t input : {0U, 1U, 2U, 3U}) inputs.push_back(upload_input(device, call, input));
  inputs.push_back(device.upload(
      "factors", std::vector<float>{f.lr, f.beta1, f.rest1, f.beta2, f.rest2, f.eps, f.decay, f.inverse1, f.inverse2}));
  for (const std::uint32_t output : {0U, 1U, 2U}) run_per_word(device, kShader, call, output, inputs, {output});
}

}  // namespace

Kernel adamw_step_kernel(const DeviceId& device) {
  return {"adamw_step", kExactContract, nullptr, [device](const Call& call, void*) { run(device, call); }};
}

}  // namespace plumb::vulkan
