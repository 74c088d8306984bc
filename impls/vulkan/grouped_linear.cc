// Linear layers with low-bit weights and floating-point activations, and the gradient of one.

#include <algorithm>
#include <bit>
#include <cmath>
#include <span>

#include "impls/quantised_rows.h"
#include "impls/vulkan/aten_rows.h"
#include "impls/vulkan/grouped_weight.h"
#include "impls/vulkan/linear_variants.h"

namespace plumb::vulkan {
namespace {

constexpr std::uint32_t kLinearGemvSpirv[] =
#include "shaders/grouped_linear_gemv.spv.inc"
    ;
constexpr std::uint32_t kLinearGemmSpirv[] =
#include "shaders/grouped_linear_gemm.spv.inc"
    ;
constexpr std::uint32_t kHalfGemvSpirv[] =
#include "shaders/grouped_linear_gemv_f16.spv.inc"
    ;
constexpr std::uint32_t kHalfGemmSpirv[] =
#include "shaders/grouped_linear_gemm_f16.spv.inc"
    ;
constexpr std::uint32_t kOutputsGemvSpirv[] =
#include "shaders/grouped_outputs_gemv.spv.inc"
    ;
constexpr std::uint32_t kOutputsGemmSpirv[] =
#include "shaders/grouped_outputs_gemm.spv.inc"
    ;

// The variants for few and for many rows of activation.
struct Shaders {
  Shader gemv, gemm;
};
constexpr Shaders kLinear{{"grouped_linear_gemv", kLinearGemvSpirv, 3}, {"grouped_linear_gemm", kLinearGemmSpirv, 3}};
constexpr Shaders kHalf{{"grouped_linear_gemv_f16", kHalfGemvSpirv, 3}, {"grouped_linear_gemm_f16", kHalfGemmSpirv, 3}};
constexpr Shaders kOutputs{{"grouped_outputs_gemv", kOutputsGemvSpirv, 3},
                           {"grouped_outputs_gemm", kOutputsGemmSpirv, 3}};

// Work groups of 64 invocations and tiles that fit 16 KiB of shared memory: what Vulkan requires of every device.
constexpr std::uint32_t kLocalX = 8, kLocalY = 8;  // kLocalY: a power of two, for the fold of the gemv
constexpr std::uint32_t kRowsPerInvocation = 4;    // kRows of the gemm
constexpr std::uint32_t kDepth = 8;                // blocks of columns in a tile of the gemm
constexpr std::int64_t kMostGemvRows = 4;

// Weights are dequantised in f32: code - zero point, or code * scale where something is added to it, is rounded (1)
// before the weight is. A product then takes part in at most these roundings: its own (1, where the device does not
// fuse it), the sum over k (at most K), folding the kLocalY parts of a gemv (log2 8 = 3), and the bias, or a
// dequantised activation (1). Vulkan
// leaves it to the device whether f32 subnormals are kept, and asking for it takes more than Vulkan 1.1.
constexpr plumb_contract kContract{.activation = PLUMB_F32,
                                   .weight = PLUMB_F32,
                                   .accumulator = PLUMB_F32,
                                   .chain_divisor = 1,
                                   .chain_extra = 1 + 1 + 3 + 1,
                                   .flushes_subnormals = 1,
                                   .deterministic = 1};
static_assert(kLocalY == 8, "chain_extra counts the fold of eight parts");

// The same with the activation rounded to f16 first, as it is stored.
constexpr plumb_contract kHalfContract{.activation = PLUMB_F16,
                                       .weight = kContract.weight,
                                       .accumulator = kContract.accumulator,
                                       .chain_divisor = kContract.chain_divisor,
                                       .chain_extra = kContract.chain_extra,
                                       .flushes_subnormals = kContract.flushes_subnormals,
                                       .deterministic = kContract.deterministic};

// A weight on the device, and what the host does before and after.
struct Weight {
  StoragePtr words, grid;
  std::vector<std::uint32_t> constants;  // constant_id 4 …
  std::uint32_t k_blocks, n_blocks, group, zero_row, bias_row;
  std::int64_t rows, columns;
  std::int64_t dynamic;
  std::vector<float> factors, late_bias;  // late_bias: for sums that are rounded before it is added
  std::function<std::vector<float>(const Call&)> activation;
};

std::shared_ptr<Weight> upload(Device& device, const LinearSource& source, const std::vector<float>& grid,
                               std::int64_t zero_row, std::int64_t bias_row) {
  const WeightSource& weight = source.weight;
  return std::make_shared<Weight>(Weight{
      .words = device.upload("weights", block_words(weight)),
      .grid = device.upload("scales, zero points and bias", grid),
      .constants = {static_cast<std::uint32_t>(weight.bits), static_cast<std::uint32_t>(weight.base), weight.adds},
      .k_blocks = static_cast<std::uint32_t>(column_blocks(weight)),
      .n_blocks = static_cast<std::uint32_t>(row_blocks(weight)),
      .group = static_cast<std::uint32_t>(weight.group),
      .zero_row = static_cast<std::uint32_t>(zero_row),
      .bias_row = static_cast<std::uint32_t>(bias_row),
      .rows = weight.rows,
      .columns = weight.columns,
      .dynamic = source.dynamic,
      .factors = source.factors,
      .late_bias = source.rounds_before_bias ? source.bias : std::vector<float>(),
      .activation = source.activation});
}

std::shared_ptr<Weight> prepare(const DeviceId& id, const LinearSource& source) {
  const GridRows grid = grid_rows(source.weight, source.rounds_before_bias ? std::vector<float>() : source.bias);
  return upload(Device::at(id), source, grid.values, grid.zero_row, grid.bias_row);
}

float rounded(DType dtype, float value) { return static_cast<float>(round_to(dtype, value)); }

// Quantises columns of a row together to int8 and back.
void quantise(std::span<float> columns) {
  float largest = 0;
  for (const float value : columns) largest = std::max(largest, std::abs(value));
  const float scale = largest / 127;
  for (float& value : columns) value = scale == 0 ? 0 : std::nearbyint(value / scale) * scale;
}

// x [M, K] times its columns' factors, with rows padded to whole blocks by zeros.
std::vector<float> padded_x(const Call& call, const Weight& weight) {
  const std::vector<float> x = weight.activation ? weight.activation(call) : call.input_as_f32(0);
  const std::int64_t stride = 4 * std::int64_t{weight.k_blocks};
  if (weight.columns == stride && weight.factors.empty() && weight.dynamic == 0) return x;
  std::vector<float> padded(static_cast<std::size_t>(call["M"] * stride));
  for (std::int64_t m = 0; m < call["M"]; ++m) {
    float* row =
        std::copy_n(x.begin() + m * weight.columns, weight.columns, padded.data() + m * stride) - weight.columns;
    for (std::size_t k = 0; k < weight.factors.size(); ++k)
      row[k] = rounded(call.input_dtype(0), row[k] * weight.factors[k]);
    for (std::int64_t k = 0; k < weight.columns && weight.dynamic != 0; k += weight.dynamic) {
      quantise({row + k, static_cast<std::size_t>(weight.dynamic)});
    }
  }
  return padded;
}

std::vector<std::uint8_t> as_halves(const std::vector<float>& values) {
  std::vector<std::uint8_t> halves(2 * values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    store(DType::f16, values[i], static_cast<std::byte*>(static_cast<void*>(halves.data() + 2 * i)));
  }
  return halves;
}

StoragePtr upload_x(Device& device, const Call& call, const Weight& weight, const Shaders& shaders) {
  if (&shaders == &kHalf) return device.upload("x", as_halves(padded_x(call, weight)));
  return device.upload("x", padded_x(call, weight));
}

// Which variant is run: by the number of rows, or always the same.
bool takes_gemv(const Call& call, LinearVariant variant) {
  return variant == LinearVariant::gemv || (variant == LinearVariant::by_rows && call["M"] <= kMostGemvRows);
}

void run(const DeviceId& id, const Call& call, const Weight& weight, const Shaders& shaders,
         LinearVariant variant = LinearVariant::by_rows) {
  if (call.output_count() == 0) return;
  Device& device = Device::at(id);
  const auto rows = static_cast<std::uint64_t>(call["M"]);
  const bool gemv = takes_gemv(call, variant);
  const std::uint64_t tile_rows = gemv ? 1 : kLocalY * kRowsPerInvocation;
  const std::uint64_t n_tiles = (weight.n_blocks + kLocalX - 1) / kLocalX;
  std::vector<std::uint32_t> constants = {kLocalX, kLocalY, kDepth};
  constants.insert(constants.end(), weight.constants.begin(), weight.constants.end());
  const std::vector<std::uint32_t> bits =
      device.run({.shader = gemv ? &shaders.gemv : &shaders.gemm,
                  .constants = constants,
                  .sizes = {static_cast<std::uint32_t>(rows), static_cast<std::uint32_t>(weight.rows), weight.k_blocks,
                            weight.n_blocks, weight.group, weight.zero_row, weight.bias_row},
                  .inputs = {upload_x(device, call, weight, shaders), weight.words, weight.grid},
                  .groups = n_tiles * ((rows + tile_rows - 1) / tile_rows),
                  .output_words = static_cast<std::uint64_t>(call.output_count())});
  std::vector<float> values;
  values.reserve(bits.size());
  for (const std::uint32_t word : bits) values.push_back(std::bit_cast<float>(word));
  for (std::size_t i = 0; i < values.size() && !weight.late_bias.empty(); ++i) {
    values[i] = rounded(call.output_dtype(), values[i]) + weight.late_bias[i % weight.late_bias.size()];
  }
  call.store_f32(values);
}

Kernel kernel(const char* op, const DeviceId& device, MakeLinear read) {
  return {op, kContract, [device, read = std::move(read)](const Call& call) { return prepare(device, read(call)); },
          [=](const Call& call, void* weight) { run(device, call, *static_cast<Weight*>(weight), kLinear); }};
}

// The weight transposed, [K, N]: its outputs k come in groups, each with a scale for every n.
std::shared_ptr<Weight> prepare_backward(const DeviceId& id, const Call& call) {
  enum Input : std::size_t { kGradient, kWeights, kScales };
  LinearSource source = read_linear_q4gsw(call);
  WeightSource& weight = source.weight;
  weight.code = [code = weight.code](std::int64_t k, std::int64_t n) { return code(n, k); };
  std::swap(weight.rows, weight.columns);
  const std::int64_t stride = 4 * column_blocks(weight), columns = weight.columns;
  const std::int64_t padded_groups = (8 * row_blocks(weight) + weight.group - 1) / weight.group;
  std::vector<float> grid(static_cast<std::size_t>(padded_groups * stride));
  const std::vector<float> scales = call.input_as_f32(kScales);
  for (std::int64_t g = 0; g < weight.rows / weight.group; ++g) {
    std::copy_n(scales.begin() + g * columns, columns, grid.begin() + g * stride);
  }
  return upload(Device::at(id), source, grid, 0, 0);
}

}  // namespace

Kernel linear_q4gsw_variant(const DeviceId& device, LinearVariant variant, bool stores_f16) {
  const Shaders& shaders = stores_f16 ? kHalf : kLinear;
  return {"linear_q4gsw", stores_f16 ? kHalfContract : kContract,
          [=](const Call& call) { return prepare(device, read_linear_q4gsw(call)); },
          [=, &shaders](const Call& call, void* weight) {
            run(device, call, *static_cast<Weight*>(weight), shaders, variant);
          }};
}
Kernel linear_q4gsw_kernel(const DeviceId& device) { return kernel("linear_q4gsw", device, read_linear_q4gsw); }
Kernel linear_qcs4w_kernel(const DeviceId& device) { return kernel("linear_qcs4w", device, read_linear_qcs4w); }
Kernel linear_int4_plain_int32_kernel(const DeviceId& device) {
  return kernel("linear_int4_plain_int32", device, read_linear_int4_plain_int32);
}
Kernel matmul_compressed_kernel(const DeviceId& device) {
  return kernel("matmul_compressed", device, read_matmul_compressed);
}
Kernel weight_int4pack_mm_kernel(const DeviceId& device) {
  return kernel("weight_int4pack_mm", device, read_weight_int4pack_mm);
}

Kernel linear_intx_kernel(const DeviceId& device) { return kernel("linear_intx", device, read_linear_intx); }
Kernel linear_dynamic_intx_kernel(const DeviceId& device) {
  return kernel("linear_dynamic_intx", device,
                with_quantised_rows({choose_qparams_affine_kernel(device), quantize_affine_kernel(device),
                                     dequantize_affine_kernel(device)}));
}
Kernel dyn_quant_matmul_4bit_kernel(const DeviceId& device) {
  return kernel("dyn_quant_matmul_4bit", device, [device](const Call& prepared) {
    LinearSource source = read_dyn_quant_matmul_4bit(prepared);
    source.activation = [device](const Call& call) { return aten_quantised_rows(device, call); };
    return source;
  });
}

Kernel linear_q4gsw_backward_kernel(const DeviceId& device) {
  return {"linear_q4gsw_backward", kContract, [device](const Call& call) { return prepare_backward(device, call); },
          [device](const Call& call, void* weight) { run(device, call, *static_cast<Weight*>(weight), kOutputs); }};
}

}  // namespace plumb::vulkan
