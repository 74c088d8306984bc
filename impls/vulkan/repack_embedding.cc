// repack_embedding.
#include "impls/vulkan/kernels.h"
#include "impls/vulkan/word_shader.h"

namespace plumb::vulkan {
namespace {

constexpr std::uint32_t kSpirv[] =
#include "shaders/swap_nibbles.spv.inc"
    ;
constexpr Shader kShader{"swap_nibbles", kSpirv, 1};

}  // namespace

Kernel repack_embedding_kernel(const DeviceId& id) {
  return {"repack_embedding", kExactContract, nullptr, [id](const Call& call, void*) {
            if (call.output_count() == 0) return;
            Device& device = Device::at(id);
            run_per_word(device, kShader, call, 0, {upload_input(device, call, 0)}, {});
          }};
}

}  // namespace plumb::vulkan
