// q4gsw_requant and q4gsw_requant_w_4x8.
#include "impls/vulkan/kernels.h"
#include "impls/vulkan/word_shader.h"

namespace plumb::vulkan {
namespace {

constexpr std::uint32_t kRowsSpirv[] =
#include "shaders/q4gsw_requant.spv.inc"
    ;
constexpr std::uint32_t kBlocksSpirv[] =
#include "shaders/q4gsw_requant_w_4x8.spv.inc"
    ;
constexpr Shader kRows{"q4gsw_requant", kRowsSpirv, 2};
constexpr Shader kBlocks{"q4gsw_requant_w_4x8", kBlocksSpirv, 2};

void run(const DeviceId& id, const Call& call, const Shader& shader) {
  if (call.output_count() == 0) return;
  Device& device = Device::at(id);
  run_per_word(device, shader, call, 0, {upload_input(device, call, 0), upload_input(device, call, 1)},
               {word_of(call["N"]), word_of(call["K"]), word_of(call["group"])});
}

}  // namespace

Kernel q4gsw_requant_kernel(const DeviceId& device) {
  return {"q4gsw_requant", kExactContract, nullptr, [device](const Call& call, void*) { run(device, call, kRows); }};
}

Kernel q4gsw_requant_w_4x8_kernel(const DeviceId& device) {
  return {"q4gsw_requant_w_4x8", kExactContract, nullptr,
          [device](const Call& call, void*) { run(device, call, kBlocks); }};
}

}  // namespace plumb::vulkan
