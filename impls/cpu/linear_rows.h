// What comes before and after the sums of a linear layer: activations of any type as f32, and results rounded to
// theirs.
#pragma once

#include <cstdint>
#include <vector>

#include "impls/builtin.h"
#include "impls/cpu/aligned_vector.h"
#include "impls/cpu/targets.h"

namespace plumb::cpu {

/// Compiled for one target. Arrays of one element a column are readable up to a multiple of 16.
struct LinearRowFunctions {
  /// Row m of the activation as f32, times factors[0 .. columns) and rounded to its type if there are any, zero-padded
  /// to whole vectors. `to` is aligned to 64 bytes.
  void (*widen)(DType dtype, const void* x, std::int64_t m, std::int64_t columns, const float* factors, float* to);
  /// Quantises `group` columns together to int8 and back, in place: s = max |x| / 127, x' = s rne(x / s). `group` is a
  /// multiple of 16 and divides `columns`.
  void (*quantise)(std::int64_t columns, std::int64_t group, float* row);
  /// Row m of y = sums (rounded to y's type first if `rounds_first`) + bias, if there is one.
  void (*finish)(DType dtype, const float* sums, std::int64_t m, std::int64_t columns, const float* bias,
                 bool rounds_first, void* y);
};
[[nodiscard]] LinearRowFunctions linear_row_functions(const Target& target);

/// An activation [rows, columns] in f32 with rows padded to whole vectors: the caller's own memory if it is that
/// already.
class PaddedRows {
 public:
  /// `stride` is ceil(columns / 16) * 16. `dynamic` columns are quantised together; 0: none are.
  PaddedRows(const Call& call, const LinearRowFunctions& functions, std::int64_t columns,
             const float* factors = nullptr, std::int64_t dynamic = 0);

  /// Of other values, [rows, columns].
  PaddedRows(const std::vector<float>& values, std::int64_t rows);
  PaddedRows(const PaddedRows&) = delete;
  PaddedRows& operator=(const PaddedRows&) = delete;

  [[nodiscard]] const float* data() const { return data_; }
  [[nodiscard]] std::int64_t stride() const { return stride_; }

 private:
  std::int64_t stride_;
  AlignedVector<float> copy_;
  const float* data_;
};

}  // namespace plumb::cpu
