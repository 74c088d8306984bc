// group_sums.
#include "impls/vulkan/kernels.h"
#include "impls/vulkan/word_shader.h"

namespace plumb::vulkan {
namespace {

constexpr std::uint32_t kSpirv[] =
#include "shaders/group_sums.spv.inc"
    ;
constexpr Shader kShader{"group_sums", kSpirv, 1};

void run(const DeviceId& id, const Call& call) {
  if (call.output_count() == 0) return;
  Device& device = Device::at(id);
  run_per_word(device, kShader, call, 0, {upload_input(device, call, 0)},
               {word_of(call["N"]), word_of(call["K"]), word_of(call["group"])});
}

}  // namespace

Kernel group_sums_kernel(const DeviceId& device) {
  return {"group_sums", kExactContract, nullptr, [device](const Call& call, void*) { run(device, call); }};
}

}  // namespace plumb::vulkan
