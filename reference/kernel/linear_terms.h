// The sums that a linear layer's value and bound are computed from, of a few outputs at a time.
#pragma once

#include <Eigen/Core>
#include <cstdint>

#include "reference/kernel/group_products.h"
#include "reference/kernel/grouped_linear.h"

namespace plumb {

/// An activation and what is the same of it for all outputs.
struct LinearActivation {
  explicit LinearActivation(const GroupedLinear& linear);

  const GroupedLinear::Matrix& x;  ///< [M, K]
  GroupedLinear::Matrix abs_x;     ///< |x|
  /// Sums over groups, [M, G], of x and of |x|, of which what is added to all weights of a group is a multiple. Empty
  /// if nothing is added.
  GroupedLinear::Matrix group_sum, abs_group_sum;
  bool is_finite;
};

/// Of kOutputsTogether outputs n, with c = q - z; those that are not there have weights of zero.
struct LinearTerms {
  using PerRow = Eigen::Array<double, Eigen::Dynamic, kOutputsTogether, Eigen::RowMajor>;  // [M, n]
  using PerOutput = Eigen::Array<double, 1, kOutputsTogether>;                             // [n]

  /// Outputs `first` … `first` + `count` - 1.
  LinearTerms(const GroupedLinear& linear, const LinearActivation& activation, std::int64_t first, std::int64_t count);

  PerRow value;          ///< sum_k x_k w_k
  PerRow magnitude;      ///< sum_k |x_k| (|c_k s_k| + |a_k|), a being what is added
  PerRow code_sums;      ///< sum_k |x_k c_k|: scales may be applied to sums
  PerRow largest_sum;    ///< The largest of these over one group, and so larger than what it becomes if s is small.
  PerOutput weight_sum;  ///< sum_k (|c_k s_k| + |a_k|)
  PerOutput scale_sum;   ///< sum_k |s_k|
  /// max_k (|c_k s_k| + |a_k|). Infinite where a scale is, whatever it is multiplied by; NaN outranks other infinities.
  PerOutput largest_weight;

 private:
  struct Block;
  void add_scaled_sums(const Block& block, const LinearActivation& activation);
  void add_scaled_weights(const Block& block, const LinearActivation& activation);
};

}  // namespace plumb
