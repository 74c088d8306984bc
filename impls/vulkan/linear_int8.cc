// linear_dq8ca_q4gsw and linear_q8ta_q8csw: one shader quantises the activation, another multiplies.
#include "impls/vulkan/linear_int8.h"

#include <algorithm>
#include <bit>
#include <functional>

#include "impls/vulkan/grouped_weight.h"
#include "impls/vulkan/linear_variants.h"
#include "impls/vulkan/word_shader.h"

namespace plumb::vulkan {
namespace {

enum Input : std::size_t { kX, kInputScales, kInputZp, kWeights, kWeightSums, kWeightScales, kBias };
constexpr std::int64_t kFloat = 1;  // value of the parameter `activation`

constexpr std::uint32_t kQuantiseSpirv[] =
#include "shaders/quantise_rows.spv.inc"
    ;
constexpr std::uint32_t kGemvSpirv[] =
#include "shaders/linear_int8_gemv.spv.inc"
    ;
constexpr std::uint32_t kGemmSpirv[] =
#include "shaders/linear_int8_gemm.spv.inc"
    ;
constexpr std::uint32_t kGemvDotSpirv[] =
#include "shaders/linear_int8_gemv_dot.spv.inc"
    ;
constexpr std::uint32_t kGemmDotSpirv[] =
#include "shaders/linear_int8_gemm_dot.spv.inc"
    ;
constexpr std::uint32_t kFloatSpirv[] =
#include "shaders/linear_int8_float.spv.inc"
    ;
constexpr Shader kFloatGemv{"linear_int8_float", kFloatSpirv, 5};
constexpr Shader kQuantise{"quantise_rows", kQuantiseSpirv, 2};
constexpr Shader kGemv{"linear_int8_gemv", kGemvSpirv, 5}, kGemvDot{"linear_int8_gemv_dot", kGemvDotSpirv, 5};
constexpr Shader kGemm{"linear_int8_gemm", kGemmSpirv, 5}, kGemmDot{"linear_int8_gemm_dot", kGemmDotSpirv, 5};

// Work groups of 64 invocations and tiles that fit 16 KiB of shared memory: what Vulkan requires of every device.
constexpr std::uint32_t kLocalX = 8, kLocalY = 8;  // kLocalY: a power of two, for the folds of the gemv
constexpr std::uint32_t kRowsPerInvocation = 4;    // kRows of the gemm
constexpr std::uint32_t kDepth = 16;               // quads in a tile of the gemm
constexpr std::int64_t kMostGemvRows = 4;

// A group's sum is rounded to f32 (1), multiplied by its scale (1), takes part in at most `length` sums and in folding
// the kLocalY parts of a gemv (log2 8 = 3), is multiplied by the row's scale (1), and the bias is added (1). Vulkan
// leaves it to the device whether f32 subnormals are kept. An activation as it is: a product (1) is scaled (1), takes
// part in at most K sums and a fold (3), and the bias is added (1).
constexpr plumb_contract kContract{.activation = PLUMB_F32,
                                   .weight = PLUMB_F64,
                                   .accumulator = PLUMB_F32,
                                   .chain_divisor = 1,
                                   .chain_extra = 1 + 1 + 3 + 1 + 1,
                                   .flushes_subnormals = 1,
                                   .deterministic = 1};
static_assert(kLocalY == 8, "chain_extra counts the fold of eight parts");

struct Weight {
  StoragePtr codes;   // blocks of a quad and eight rows
  StoragePtr scales;  // f32 [groups + 1, N padded to 8], padding 0; the last row is the bias
  StoragePtr sums;    // i32 [groups, N padded to 8]
};

// Sizes of a call. A quad is four columns of one group.
struct Extents {
  std::int64_t outputs, groups, group, quads, n_blocks;
  explicit Extents(const Call& call)
      : outputs(call["N"]),
        groups(call.op().param("group") == nullptr ? 1 : call["K"] / call["group"]),
        group(call["K"] / groups),
        quads((group + 3) / 4),
        n_blocks((outputs + 7) / 8) {}
  // Groups padded to whole quads, and rows to an even number of them, as et_vk.w_4x8_nc has it.
  [[nodiscard]] std::int64_t padded_columns() const { return groups * quads * 4; }
  [[nodiscard]] std::int64_t row_quads() const { return (groups * quads + 1) / 2 * 2; }
};

bool is_wide(const Call& call) { return call.op().param("group") == nullptr; }

// Calls body(k, padded k) for every column.
void for_each_column(const Extents& e, const std::function<void(std::int64_t, std::int64_t)>& body) {
  for (std::int64_t k = 0; k < e.groups * e.group; ++k) body(k, k / e.group * e.quads * 4 + k % e.group);
}

// Nibbles of et_vk.q4gsw in blocks, every group padded to whole quads.
std::vector<std::uint32_t> nibble_blocks(const Call& call, const Extents& e) {
  constexpr unsigned kPadding = 8;  // code 0 in offset binary
  const auto bytes = call.input<std::uint8_t>(kWeights);
  const std::int64_t stride = std::ssize(bytes) / e.outputs, padded_group = 4 * e.quads;
  const auto code = [&](std::int64_t n, std::int64_t padded_k) {
    const std::int64_t in_group = padded_k % padded_group, k = padded_k / padded_group * e.group + in_group;
    if (in_group >= e.group) return kPadding;
    return bytes[static_cast<std::size_t>(n * stride + k / 2)] >> (k % 2 * 4) & 15U;
  };
  return block_words({e.outputs, e.padded_columns(), padded_group, 4, -8, code, {}});
}

// Two vectors of four words a block: a word is a quad, of rows 0 2 4 6 first and then of rows 1 3 5 7.
std::vector<std::uint8_t> byte_blocks(const Call& call, const Extents& e) {
  const auto bytes = call.input<std::uint8_t>(kWeights);
  std::vector<std::uint8_t> blocks(static_cast<std::size_t>(e.quads * e.n_blocks * 32));
  for (std::int64_t n = 0; n < e.outputs; ++n) {
    for (std::int64_t k = 0; k < e.group; ++k) {
      const std::int64_t block = k / 4 * e.n_blocks + n / 8, word = n % 2 * 4 + n % 8 / 2;
      blocks[static_cast<std::size_t>(block * 32 + word * 4 + k % 4)] =
          bytes[static_cast<std::size_t>(n * e.group + k)];
    }
  }
  return blocks;
}

std::vector<float> scales_and_bias(const Call& call, const Extents& e) {
  const std::vector<float> scales = call.input_as_f32(kWeightScales), bias = call.input_as_f32(kBias);
  const std::int64_t stride = 8 * e.n_blocks;
  std::vector<float> rows(static_cast<std::size_t>((e.groups + 1) * stride));
  for (std::int64_t g = 0; g < e.groups; ++g) {
    std::copy_n(scales.begin() + g * e.outputs, e.outputs, rows.begin() + g * stride);
  }
  std::copy(bias.begin(), bias.end(), rows.end() - stride);
  return rows;
}

// [groups, N padded to 8], from rows that may be padded less. Bytes, as tensors need not be aligned.
std::vector<std::uint8_t> padded_sums(const Call& call, const Extents& e) {
  const std::uint8_t* sums = call.input<std::uint8_t>(kWeightSums).data();
  const std::int64_t stride = call.input_count(kWeightSums) / e.groups;
  std::vector<std::uint8_t> rows(static_cast<std::size_t>(e.groups * e.n_blocks * 32));
  for (std::int64_t g = 0; g < e.groups; ++g) {
    std::copy_n(sums + g * stride * 4, e.outputs * 4, rows.begin() + g * e.n_blocks * 32);
  }
  return rows;
}

std::shared_ptr<void> prepare(const DeviceId& id, const Call& call) {
  Device& device = Device::at(id);
  const Extents e(call);
  return std::make_shared<Weight>(
      is_wide(call) ? device.upload("weights", byte_blocks(call, e)) : device.upload("weights", nibble_blocks(call, e)),
      device.upload("weight_scales and bias", scales_and_bias(call, e)),
      device.upload("weight_sums", padded_sums(call, e)));
}

// Scale and zero point of every row; 1 and 0 for an activation that is not quantised.
std::vector<std::uint32_t> row_parameters(const Call& call) {
  const std::vector<float> scales = call.input_as_f32(kInputScales);
  const auto zps = call.input<std::int8_t>(kInputZp);
  std::vector<std::uint32_t> rows;
  for (std::int64_t m = 0; m < call["M"]; ++m) {
    const auto own = static_cast<std::size_t>(scales.size() == 1 ? 0 : m);
    const bool is_float = call["activation"] == kFloat;
    rows.push_back(std::bit_cast<std::uint32_t>(is_float ? 1.0F : scales[own]));
    rows.push_back(is_float ? 0U : static_cast<std::uint32_t>(std::int32_t{zps[own]}));
  }
  return rows;
}

StoragePtr quantised(Device& device, const Call& call, const Extents& e, const StoragePtr& rows) {
  const std::uint32_t local = device.local_size();
  const auto words = static_cast<std::uint64_t>(call["M"] * e.row_quads());
  return device.upload("quantised x", device.run({.shader = &kQuantise,
                                                  .constants = {local, 1},
                                                  .sizes = {word_of(call["M"]), word_of(e.row_quads()),
                                                            word_of(e.groups), word_of(e.group), word_of(e.quads)},
                                                  .inputs = {device.upload("x", call.input_as_f32(kX)), rows},
                                                  .groups = (words + local - 1) / local,
                                                  .output_words = words}));
}

// An activation as it is, in the same places.
StoragePtr padded(Device& device, const Call& call, const Extents& e) {
  const std::vector<float> x = call.input_as_f32(kX);
  const std::int64_t columns = e.groups * e.group, stride = e.row_quads() * 4;
  std::vector<float> rows(static_cast<std::size_t>(call["M"] * stride));
  for (std::int64_t m = 0; m < call["M"]; ++m) {
    for_each_column(e, [&](std::int64_t k, std::int64_t to) {
      rows[static_cast<std::size_t>(m * stride + to)] = x[static_cast<std::size_t>(m * columns + k)];
    });
  }
  return device.upload("x", rows);
}

// A shader that multiplies, what it is compiled for, and how many rows a work group of it makes.
struct Multiplication {
  const Shader& shader;
  std::uint32_t constant;
  std::uint64_t rows;
};

Multiplication multiplication(const Call& call, const Extents& e, DotProduct dot, LinearVariant variant) {
  const bool instruction = dot == DotProduct::instruction;
  if (call["activation"] == kFloat) return {kFloatGemv, 0, 1};
  const bool tiled =
      variant == LinearVariant::tiled || (variant == LinearVariant::by_rows && call["M"] > kMostGemvRows);
  if (tiled) return {instruction ? kGemmDot : kGemm, kDepth, kLocalY * kRowsPerInvocation};
  // Few groups: the invocations that share a sum share each group's quads.
  return {instruction ? kGemvDot : kGemv, e.groups < kLocalY ? kLocalY : 1, 1};
}

void run(const DeviceId& id, const Call& call, const Weight& weight, const std::function<DotProduct(Device&)>& dot,
         LinearVariant variant) {
  if (call.output_count() == 0) return;
  Device& device = Device::at(id);
  const Extents e(call);
  const Multiplication multiply = multiplication(call, e, dot(device), variant);
  const std::uint64_t n_tiles = (static_cast<std::uint64_t>(e.n_blocks) + kLocalX - 1) / kLocalX;
  const StoragePtr rows = device.upload("scales and zero points of x", row_parameters(call));
  const StoragePtr x = call["activation"] == kFloat ? padded(device, call, e) : quantised(device, call, e, rows);
  const std::vector<std::uint32_t> bits =
      device.run({.shader = &multiply.shader,
                  .constants = {kLocalX, kLocalY, is_wide(call) ? 1U : 0U, multiply.constant},
                  .sizes = {word_of(call["M"]), word_of(e.outputs), word_of(e.row_quads()), word_of(e.n_blocks),
                            word_of(e.groups), word_of(e.quads)},
                  .inputs = {x, weight.codes, weight.scales, weight.sums, rows},
                  .groups = n_tiles * ((static_cast<std::uint64_t>(call["M"]) + multiply.rows - 1) / multiply.rows),
                  .output_words = static_cast<std::uint64_t>(call.output_count())});
  std::vector<float> values;
  values.reserve(bits.size());
  for (const std::uint32_t word : bits) values.push_back(std::bit_cast<float>(word));
  call.store_f32(values);
}

DotProduct best_dot(Device& device) {
  return device.has_integer_dot_product() ? DotProduct::instruction : DotProduct::written_out;
}

Kernel kernel_with(const char* op, const DeviceId& id, const std::function<DotProduct(Device&)>& dot,
                   LinearVariant variant = LinearVariant::by_rows) {
  return {op, kContract, [id](const Call& call) { return prepare(id, call); },
          [id, dot, variant](const Call& call, void* weight) {
            run(id, call, *static_cast<Weight*>(weight), dot, variant);
          }};
}

}  // namespace

Kernel linear_dq8ca_q4gsw_variant(const DeviceId& device, LinearVariant variant, DotProduct dot) {
  const auto choose = [dot](Device& opened) { return dot == DotProduct::instruction ? best_dot(opened) : dot; };
  Kernel kernel = kernel_with("linear_dq8ca_q4gsw", device, choose, variant);
  if (dot == DotProduct::written_out) return kernel;
  kernel.unsupported = [device](const Call&) {
    return Device::at(device).has_integer_dot_product() ? nullptr : "the device has no integer dot product";
  };
  return kernel;
}
Kernel linear_dq8ca_q4gsw_with(const DeviceId& device, DotProduct dot) {
  return kernel_with("linear_dq8ca_q4gsw", device, [dot](Device&) { return dot; });
}
Kernel linear_q8ta_q8csw_with(const DeviceId& device, DotProduct dot) {
  return kernel_with("linear_q8ta_q8csw", device, [dot](Device&) { return dot; });
}
Kernel linear_dq8ca_q4gsw_kernel(const DeviceId& device) { return kernel_with("linear_dq8ca_q4gsw", device, best_dot); }
Kernel linear_q8ta_q8csw_kernel(const DeviceId& device) { return kernel_with("linear_q8ta_q8csw", device, best_dot); }

}  // namespace plumb::vulkan
