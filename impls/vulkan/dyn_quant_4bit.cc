#include "impls/vulkan/kernels.h"
#include "impls/vulkan/word_shader.h"

namespace plumb::vulkan {
namespace {

constexpr std::uint32_t kSpirv[] =
#include "shaders/pack_dyn_quant_4bit.spv.inc"
    ;
constexpr Shader kShader{"pack_dyn_quant_4bit", kSpirv, 3};

enum Input : std::size_t { kWeights, kScales, kBias };

void run(const DeviceId& id, const Call& call) {
  if (call.output_count() == 0) return;
  Device& device = Device::at(id);
  const std::vector<float> scales = call.input_as_f32(kScales), bias = call.input_as_f32(kBias);
  run_per_word(
      device, kShader, call, 0,
      {upload_bytes(device, "weights", call.input<std::byte>(kWeights)),
       upload_bytes(device, "scales", std::as_bytes(std::span(scales))),
       upload_bytes(device, "bias", std::as_bytes(std::span(bias)))},
      {static_cast<std::uint32_t>(call.input_count(kWeights)), static_cast<std::uint32_t>(call.input_count(kScales))});
}

}  // namespace

Kernel pack_dyn_quant_4bit_kernel(const DeviceId& device) {
  return {"pack_dyn_quant_4bit", kExactContract, nullptr, [device](const Call& call, void*) { run(device, call); }};
}

}  // namespace plumb::vulkan
