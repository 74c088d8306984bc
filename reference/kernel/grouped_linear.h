// What every linear layer with low-bit weights is once its weight is unpacked, and the terms of its bound.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <string_view>

#include "reference/op.h"

namespace plumb {

/// y[m, n] = sum_k x[m, k] * w[n, k] + bias[n],  w[n, k] = (q[n, k] - z[n, k]) * scale[n, k] + added[n, k].
struct GroupedLinear {
  using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

  Matrix x;                 ///< [M, K]
  Matrix code;              ///< [N, K]: q - z
  Matrix scale;             ///< [N, K], or [N, G]: each serves K/G columns
  Matrix added = {};        ///< [N, K]; empty: nothing is added. A term of its own in bounds: it need not be fused.
  Eigen::RowVectorXd bias;  ///< [N]; empty: none
  std::int64_t group;       ///< Scales may be applied to sums of so many products.
  /// The sum is rounded to the output's type before the bias is added, and again after.
  bool rounds_before_bias = false;
};

/// Its value in double, and what its bound is computed from.
[[nodiscard]] Answer evaluate(const GroupedLinear& linear);

/// A tensor as [rows, columns].
[[nodiscard]] GroupedLinear::Matrix matrix_of(const Tensor& tensor, std::int64_t rows, std::int64_t columns);
/// An activation [rows, columns] times a factor for each column, rounded to the activation's type; as it is without
/// factors. Of f16 and bf16 such a product is exact in f32, so that every kernel has the same bits.
[[nodiscard]] GroupedLinear::Matrix pre_scaled(const Tensor& x, const Tensor& factors, std::int64_t rows,
                                               std::int64_t columns);
/// A tensor as a row; empty if it is absent.
[[nodiscard]] Eigen::RowVectorXd row_of(const Tensor& tensor);
/// The codes of a packed weight [N, K].
[[nodiscard]] GroupedLinear::Matrix codes_of(std::string_view layout, Extent extent, const Tensor& packed);

/// How scales or zero points lie in their tensor.
enum class Order { outputs_first, groups_first };
/// Values of groups, [N, G] or [G, N] or one for all, as [N, G].
[[nodiscard]] GroupedLinear::Matrix by_group(const Tensor& tensor, std::int64_t rows, std::int64_t groups, Order order);
/// The same spread over [N, K].
[[nodiscard]] GroupedLinear::Matrix spread_over_groups(const Tensor& tensor, Extent extent, std::int64_t group,
                                                       Order order);

}  // namespace plumb
