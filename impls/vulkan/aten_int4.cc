#include "impls/vulkan/kernels.h"
#include "impls/vulkan/word_shader.h"

namespace plumb::vulkan {
namespace {

constexpr std::uint32_t kPackSpirv[] =
#include "shaders/pack_aten_int4.spv.inc"
    ;
constexpr std::uint32_t kUnpackSpirv[] =
#include "shaders/unpack_aten_int4.spv.inc"
    ;
constexpr Shader kPack{"pack_aten_int4", kPackSpirv, 1};
constexpr Shader kUnpack{"unpack_aten_int4", kUnpackSpirv, 1};

enum Isa : std::int64_t { kAvx512, kAvx2, kDefault };

void run(const DeviceId& id, const Shader& shader, const Call& call) {
  if (call.output_count() == 0) return;
  Device& device = Device::at(id);
  const std::uint32_t block_rows = call["isa"] == kAvx512 ? 64 : 32, pairs_halves = call["isa"] == kDefault ? 0 : 1;
  run_per_word(
      device, shader, call, 0, {upload_bytes(device, "input", bytes_of_input(call, 0))},
      {static_cast<std::uint32_t>(call["N"]), static_cast<std::uint32_t>(call["K"]), block_rows, pairs_halves});
}

Kernel moving_codes(const char* op, const DeviceId& device, const Shader& shader) {
  return {op, kExactContract, nullptr, [device, &shader](const Call& call, void*) { run(device, shader, call); }};
}

}  // namespace

Kernel pack_aten_int4_kernel(const DeviceId& device) { return moving_codes("pack_aten_int4", device, kPack); }
Kernel unpack_aten_int4_kernel(const DeviceId& device) { return moving_codes("unpack_aten_int4", device, kUnpack); }

}  // namespace plumb::vulkan
