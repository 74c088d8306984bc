// pack_q4_linear_weight, pack_w_4x8, pack_q8_linear_weight and pack_int4_transposed.
#include "impls/vulkan/kernels.h"
#include "impls/vulkan/word_shader.h"

namespace plumb::vulkan {
namespace {

constexpr std::uint32_t kBlocksSpirv[] =
#include "shaders/pack_q4_blocks.spv.inc"
    ;
constexpr std::uint32_t kQ8Spirv[] =
#include "shaders/pack_q8_blocks.spv.inc"
    ;
constexpr std::uint32_t kTransposedSpirv[] =
#include "shaders/pack_int4_transposed.spv.inc"
    ;
constexpr Shader kBlocks{"pack_q4_blocks", kBlocksSpirv, 1};
constexpr Shader kQ8{"pack_q8_blocks", kQ8Spirv, 1};
constexpr Shader kTransposed{"pack_int4_transposed", kTransposedSpirv, 1};

void run(const DeviceId& id, const Call& call, const Shader& shader, std::vector<std::uint32_t> sizes) {
  if (call.output_count() == 0) return;
  Device& device = Device::at(id);
  run_per_word(device, shader, call, 0, {upload_input(device, call, 0)}, std::move(sizes));
}

// Which rows share word r of a block: row r * word_step in the low nibbles, and the one `partner` further on.
struct Pairing {
  std::uint32_t word_step, partner;
};

void run_blocks(const DeviceId& id, const Call& call, const Pairing& pairing, bool rows_innermost) {
  run(id, call, kBlocks,
      {word_of(call["N"]), word_of(call["K"] / 4), word_of((call["N"] + 7) / 8), rows_innermost ? 1U : 0U,
       pairing.word_step, pairing.partner});
}

}  // namespace

Kernel pack_q4_linear_weight_kernel(const DeviceId& device) {
  return {"pack_q4_linear_weight", kExactContract, nullptr, [device](const Call& call, void*) {
            run_blocks(device, call, {1, 4}, false);
          }};
}

Kernel pack_w_4x8_kernel(const DeviceId& device) {
  return {"pack_w_4x8", kExactContract, nullptr, [device](const Call& call, void*) {
            run_blocks(device, call, {2, 1}, call["order"] == 0);
          }};
}

Kernel pack_q8_linear_weight_kernel(const DeviceId& device) {
  return {"pack_q8_linear_weight", kExactContract, nullptr, [device](const Call& call, void*) {
            run(device, call, kQ8, {word_of(call["N"]), word_of(call["K"] / 4)});
          }};
}

Kernel pack_int4_transposed_kernel(const DeviceId& device) {
  return {"pack_int4_transposed", kExactContract, nullptr, [device](const Call& call, void*) {
            run(device, call, kTransposed, {word_of(call["N"] / 8), word_of(call["K"] / 2)});
          }};
}

}  // namespace plumb::vulkan
