// pack_q4gsw and unpack_q4gsw.
#include "impls/vulkan/kernels.h"
#include "impls/vulkan/word_shader.h"

namespace plumb::vulkan {
namespace {

constexpr std::uint32_t kPackSpirv[] =
#include "shaders/pack_q4gsw.spv.inc"
    ;
constexpr std::uint32_t kUnpackSpirv[] =
#include "shaders/unpack_q4gsw.spv.inc"
    ;
constexpr Shader kPack{"pack_q4gsw", kPackSpirv, 1};
constexpr Shader kUnpack{"unpack_q4gsw", kUnpackSpirv, 1};

void run_pack(const DeviceId& id, const Call& call) {
  Device& device = Device::at(id);
  const std::int64_t row_bytes = call.output_count() / call["N"], code_bytes = info(call.input_dtype(0)).size_bytes;
  run_per_word(device, kPack, call, 0, {upload_input(device, call, 0)},
               {word_of(call.output_count()), word_of(call["K"]), word_of(row_bytes), word_of(code_bytes)});
}

void run_unpack(const DeviceId& id, const Call& call) {
  if (call.output_count() == 0) return;
  Device& device = Device::at(id);
  run_per_word(device, kUnpack, call, 0, {upload_input(device, call, 0)},
               {word_of(call.output_count()), word_of(call["columns"]), word_of(call["row_bytes"])});
}

}  // namespace

Kernel pack_q4gsw_kernel(const DeviceId& device) {
  return {"pack_q4gsw", kExactContract, nullptr, [device](const Call& call, void*) { run_pack(device, call); }};
}

Kernel unpack_q4gsw_kernel(const DeviceId& device) {
  return {"unpack_q4gsw", kExactContract, nullptr, [device](const Call& call, void*) { run_unpack(device, call); }};
}

}  // namespace plumb::vulkan
