// The kernel of all linear layers with low-bit weights and floating-point activations: y = x w' + b in f32.
#pragma once

#include <cstdint>

#include "impls/builtin.h"
#include "impls/cpu/grouped_weight.h"
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
  /// Row m of the activation as f32, times factors[0 .. columns) and rounded to its type if there are any, zero-padded
  /// to whole vectors. `to` is aligned to 64 bytes.
  void (*widen)(DType dtype, const void* x, std::int64_t m, std::int64_t columns, const float* factors, float* to);
  /// Row m of y = sums (rounded to y's type first if `rounds_first`) + bias, if there is one.
  void (*finish)(DType dtype, const float* sums, std::int64_t m, std::int64_t columns, const float* bias,
                 bool rounds_first, void* y);
};
[[nodiscard]] GroupedFunctions grouped_functions(const Target& target);

/// All weights are dequantised in f32: (code - zero) and its scaling are rounded once each, and a product is added to
/// one of 16 partial sums, chain ceil(K / 16). Then: the rounding of code - zero, or of code * scale where something is
/// added to it (1); that of the product where it is not fused (1); the fold of 16 partial sums (4); the bias (1).
inline constexpr plumb_contract kGroupedContract = {PLUMB_F32, PLUMB_F32, PLUMB_F32, 16, 7, 0, 1};

/// An activation [rows, columns] in f32 with rows padded to whole vectors: the caller's own memory if it is that
/// already.
class PaddedRows {
 public:
  /// `stride` is ceil(columns / 16) * 16.
  PaddedRows(const Call& call, const GroupedFunctions& functions, std::int64_t columns, const float* factors);

  [[nodiscard]] const float* data() const { return data_; }
  [[nodiscard]] std::int64_t stride() const { return stride_; }

 private:
  std::int64_t stride_;
  AlignedVector<float> copy_;
  const float* data_;
};

/// A kernel of such an operator: its input 0 is x[M..., K], its output 0 y[M..., N].
[[nodiscard]] Kernel grouped_linear(const char* op, const Target& target, ReadLinear read);

}  // namespace plumb::cpu
