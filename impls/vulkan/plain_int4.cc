#include "impls/vulkan/kernels.h"
#include "impls/vulkan/word_shader.h"

namespace plumb::vulkan {
namespace {

constexpr std::uint32_t kPackInt32Spirv[] =
#include "shaders/pack_plain_int32.spv.inc"
    ;
constexpr std::uint32_t kUnpackInt32Spirv[] =
#include "shaders/unpack_plain_int32.spv.inc"
    ;
constexpr std::uint32_t kPackInt4Spirv[] =
#include "shaders/pack_plain_int4.spv.inc"
    ;
constexpr std::uint32_t kUnpackInt4Spirv[] =
#include "shaders/unpack_plain_int4.spv.inc"
    ;
constexpr Shader kPackInt32{"pack_plain_int32", kPackInt32Spirv, 1};
constexpr Shader kUnpackInt32{"unpack_plain_int32", kUnpackInt32Spirv, 1};
constexpr Shader kPackInt4{"pack_plain_int4", kPackInt4Spirv, 1};
constexpr Shader kUnpackInt4{"unpack_plain_int4", kUnpackInt4Spirv, 1};

void run(const DeviceId& id, const Shader& shader, const Call& call, std::vector<std::uint32_t> sizes = {}) {
  if (call.output_count() == 0) return;
  Device& device = Device::at(id);
  // pack_plain_int4 reads two words for each word of output.
  run_per_word(device, shader, call, 0, {upload_bytes(device, "input", bytes_of_input(call, 0), 8)}, std::move(sizes));
}

Kernel moving_bytes(const char* op, const DeviceId& device, const Shader& shader) {
  return {op, kExactContract, nullptr, [device, &shader](const Call& call, void*) { run(device, shader, call); }};
}

}  // namespace

Kernel pack_plain_int32_kernel(const DeviceId& device) { return moving_bytes("pack_plain_int32", device, kPackInt32); }

Kernel unpack_plain_int32_kernel(const DeviceId& device) {
  return {"unpack_plain_int32", kExactContract, nullptr, [device](const Call& call, void*) {
            run(device, kUnpackInt32, call, {static_cast<std::uint32_t>(call["signed"])});
          }};
}

Kernel pack_plain_int4_kernel(const DeviceId& device) { return moving_bytes("pack_plain_int4", device, kPackInt4); }

Kernel unpack_plain_int4_kernel(const DeviceId& device) {
  return moving_bytes("unpack_plain_int4", device, kUnpackInt4);
}

}  // namespace plumb::vulkan
