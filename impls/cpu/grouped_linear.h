// The kernel of all linear layers with low-bit weights and floating-point activations: y = x w' + b in f32.
#pragma once

#include <cstdint>

#include "impls/builtin.h"
#include "impls/cpu/digit_sums.h"
#include "impls/cpu/grouped_weight.h"
#include "impls/cpu/linear_rows.h"
#include "impls/cpu/targets.h"

namespace plumb::cpu {

/// Sums of some rows of activation with one weight.
struct GroupedSums {
  const float* x;         ///< [M, x_stride], zero beyond the weight's columns
  std::int64_t rows;      ///< M
  std::int64_t x_stride;  ///< A multiple of 16.
  const GroupedWeight* weight;
  float* sums;  ///< [M, sums_stride]; columns [0, weight->rows) are written
  std::int64_t sums_stride;
};

/// What the engine consists of, compiled for one target.
struct GroupedFunctions {
  /// Sums of the weight's row blocks [first, last).
  void (*sum)(const GroupedSums& job, std::int64_t first_block, std::int64_t last_block);
  LinearRowFunctions rows;
};
[[nodiscard]] GroupedFunctions grouped_functions(const Target& target);

/// All weights are dequantised in f32: (code - zero) and its scaling are rounded once each, and a product is added to
/// one of 16 partial sums, chain ceil(K / 16). Then: the rounding of code - zero, or of code * scale where something is
/// added to it (1); that of the product where it is not fused (1); the fold of 16 partial sums (4); the bias, or that
/// of a dequantised activation (1).
inline constexpr plumb_contract kGroupedContract = {PLUMB_F32, PLUMB_F32, PLUMB_F32, 16, 7, 0, 1};

/// A kernel of such an operator: its input 0 is x[M..., K], its output 0 y[M..., N]. Rows of activation are summed up
/// as f32, or as digits of int8 where the weight has a form for them and they are faster.
[[nodiscard]] Kernel grouped_linear(const char* op, const Target& target, MakeLinear read);
/// The same with digits, multiplied in the given way, for any number of rows. For tests.
[[nodiscard]] Kernel digit_linear(const char* op, const Target& target, MakeLinear read, ByteProducts products);

}  // namespace plumb::cpu
