// What every linear layer with low-bit weights is once its weight is unpacked, and the terms of its bound.
#pragma once

#include <Eigen/Core>
#include <cstdint>

#include "reference/kernel/weight_codes.h"
#include "reference/op.h"

namespace plumb {

/// y[m, n] = sum_k x[m, k] * w[n, k] + bias[n],  w[n, k] = (q[n, k] - z[n, k]) * scale[n, k] + added[n, k].
/// Zero points, scales and what is added are [N, G], each serving a group of K/G columns, or [N, K].
struct GroupedLinear {
  using Matrix = WeightCodes::Matrix;

  Matrix x;          ///< [M, K]
  WeightCodes code;  ///< q
  Matrix zero = {};  ///< z; empty: 0
  Matrix scale;
  Matrix added = {};        ///< Empty: nothing is added. A term of its own in bounds: it need not be fused.
  Eigen::RowVectorXd bias;  ///< [N]; empty: none
  std::int64_t group;       ///< Scales may be applied to sums of so many products.
  /// The sum is rounded to the output's type before the bias is added, and again after.
  bool rounds_before_bias = false;
};

/// Its value in double, and what its bound is computed from.
[[nodiscard]] Answer evaluate(const GroupedLinear& linear);

/// An answer of so many elements, of which nothing is known yet.
[[nodiscard]] Expected not_evaluated(std::size_t count);

/// A tensor as [rows, columns].
[[nodiscard]] GroupedLinear::Matrix matrix_of(const Tensor& tensor, std::int64_t rows, std::int64_t columns);
/// An activation [rows, columns] times a factor for each column, rounded to the activation's type; as it is without
/// factors. Of f16 and bf16 such a product is exact in f32, so that every kernel has the same bits.
[[nodiscard]] GroupedLinear::Matrix pre_scaled(const Tensor& x, const Tensor& factors, std::int64_t rows,
                                               std::int64_t columns);
/// A tensor as a row; empty if it is absent.
[[nodiscard]] Eigen::RowVectorXd row_of(const Tensor& tensor);

/// How scales or zero points lie in their tensor.
enum class Order { outputs_first, groups_first };
/// Values of groups, [N, G] or [G, N] or one for all, as [N, G].
[[nodiscard]] GroupedLinear::Matrix by_group(const Tensor& tensor, std::int64_t rows, std::int64_t groups, Order order);
/// Values of groups, [N, G], as those of `columns` columns.
[[nodiscard]] GroupedLinear::Matrix for_every_column(const GroupedLinear::Matrix& values, std::int64_t columns);
/// (q - z) of all columns.
[[nodiscard]] GroupedLinear::Matrix shifted_codes(const GroupedLinear& linear);

}  // namespace plumb
