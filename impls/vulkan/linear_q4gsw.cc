#include <algorithm>
#include <bit>

#include "impls/vulkan/kernels.h"
#include "impls/vulkan/w_4x8.h"

namespace plumb::vulkan {
namespace {

enum Input : std::size_t { kX, kWeights, kScales, kBias };

constexpr std::uint32_t kGemvSpirv[] =
#include "shaders/linear_q4gsw_gemv.spv.inc"
    ;
constexpr std::uint32_t kGemmSpirv[] =
#include "shaders/linear_q4gsw_gemm.spv.inc"
    ;
constexpr Shader kGemv{"linear_q4gsw_gemv", kGemvSpirv, 3};
constexpr Shader kGemm{"linear_q4gsw_gemm", kGemmSpirv, 3};

// Work groups of 64 invocations and tiles that fit 16 KiB of shared memory: what Vulkan requires of every device.
constexpr std::uint32_t kLocalX = 8, kLocalY = 8;  // kLocalY: a power of two, for the fold of the gemv
constexpr std::uint32_t kRowsPerInvocation = 4;    // kRows of the gemm
constexpr std::uint32_t kDepth = 8;                // blocks of columns in a tile of the gemm
constexpr std::int64_t kMostGemvRows = 4;

// fl(code * scale) is rounded to f32. A product then takes part in at most these roundings: its own (1, where the
// device does not fuse it), the sum over k (at most K), folding the kLocalY parts of a gemv (log2 8 = 3), and the bias
// (1). Vulkan leaves it to the device whether f32 subnormals are kept, and asking for it takes more than Vulkan 1.1.
constexpr plumb_contract kContract{.activation = PLUMB_F32,
                                   .weight = PLUMB_F32,
                                   .accumulator = PLUMB_F32,
                                   .chain_divisor = 1,
                                   .chain_extra = 1 + 3 + 1,
                                   .flushes_subnormals = 1,
                                   .deterministic = 1};
static_assert(kLocalY == 8, "chain_extra counts the fold of eight parts");

struct Weight {
  StoragePtr blocks;  // et_vk.w_4x8_nc
  StoragePtr scales;  // f32 [groups + 1, N padded to 8], padding 0; the last row is the bias
  std::uint32_t bias_row;
};

// Blocks of columns come in twos.
std::uint32_t k_blocks(const Call& call) { return static_cast<std::uint32_t>((call["K"] + 7) / 8 * 2); }
std::uint32_t n_blocks(const Call& call) { return static_cast<std::uint32_t>((call["N"] + 7) / 8); }

// Also the groups that only the padding of K to whole blocks belongs to.
std::int64_t padded_groups(const Call& call) { return (4 * k_blocks(call) + call["group"] - 1) / call["group"]; }

std::vector<float> scales_and_bias(const Call& call) {
  const std::vector<float> scales = call.input_as_f32(kScales), bias = call.input_as_f32(kBias);
  const std::int64_t columns = call["N"], stride = 8 * n_blocks(call);
  std::vector<float> rows(static_cast<std::size_t>((padded_groups(call) + 1) * stride));
  for (std::int64_t g = 0; g < call["K"] / call["group"]; ++g) {
    std::copy_n(scales.begin() + g * columns, columns, rows.begin() + g * stride);
  }
  std::copy(bias.begin(), bias.end(), rows.end() - stride);
  return rows;
}

// x [M, K] with rows padded to whole blocks by zeros.
std::vector<float> padded_x(const Call& call) {
  const std::vector<float> x = call.input_as_f32(kX);
  const std::int64_t columns = call["K"], stride = 4 * std::int64_t{k_blocks(call)};
  if (columns == stride) return x;
  std::vector<float> padded(static_cast<std::size_t>(call["M"] * stride));
  for (std::int64_t m = 0; m < call["M"]; ++m) {
    std::copy_n(x.begin() + m * columns, columns, padded.begin() + m * stride);
  }
  return padded;
}

std::shared_ptr<void> prepare(const DeviceId& id, const Call& call) {
  Device& device = Device::at(id);
  const std::vector<std::uint8_t> blocks = repack_to_w_4x8({call["N"], call["K"]}, call.input<std::uint8_t>(kWeights));
  return std::make_shared<Weight>(device.upload("weights", blocks),
                                  device.upload("weight_scales and bias", scales_and_bias(call)),
                                  static_cast<std::uint32_t>(padded_groups(call)));
}

void run(const DeviceId& id, const Call& call, const Weight& weight) {
  if (call.output_count() == 0) return;
  Device& device = Device::at(id);
  const auto rows = static_cast<std::uint64_t>(call["M"]);
  const bool gemv = call["M"] <= kMostGemvRows;
  const std::uint64_t tile_rows = gemv ? 1 : kLocalY * kRowsPerInvocation;
  const std::uint64_t n_tiles = (n_blocks(call) + kLocalX - 1) / kLocalX;
  const std::vector<std::uint32_t> bits =
      device.run({.shader = gemv ? &kGemv : &kGemm,
                  .constants = {kLocalX, kLocalY, kDepth},
                  .sizes = {static_cast<std::uint32_t>(rows), static_cast<std::uint32_t>(call["N"]), k_blocks(call),
                            n_blocks(call), static_cast<std::uint32_t>(call["group"]), weight.bias_row},
                  .inputs = {device.upload("x", padded_x(call)), weight.blocks, weight.scales},
                  .groups = n_tiles * ((rows + tile_rows - 1) / tile_rows),
                  .output_words = static_cast<std::uint64_t>(call.output_count())});
  std::vector<float> values;
  values.reserve(bits.size());
  for (const std::uint32_t word : bits) values.push_back(std::bit_cast<float>(word));
  call.store_f32(values);
}

}  // namespace

Kernel linear_q4gsw_kernel(const DeviceId& device) {
  return {"linear_q4gsw", kContract, [device](const Call& call) { return prepare(device, call); },
          [device](const Call& call, void* weight) { run(device, call, *static_cast<Weight*>(weight)); }};
}

}  // namespace plumb::vulkan
