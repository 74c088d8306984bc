// Where an oracle's time goes: sums of products of an activation with a weight, in double.
#pragma once

#include <cstdint>
#include <vector>

namespace plumb {

/// Outputs that are summed up side by side.
inline constexpr std::int64_t kOutputsTogether = 8;

/// sums[m, j] = sum_k x[m, k] * w[k, j] and absolute[m, j] = sum_k |x[m, k]| * |w[k, j]|, for j < kOutputsTogether;
/// largest[m, j] = max_k |x[m, k]| |w[k, j]|, or 0.
struct GroupProducts {
  const double* x;      ///< [rows, columns], rows `x_stride` apart.
  const double* abs_x;  ///< The same of |x|.
  std::int64_t x_stride, rows, columns;
  const double* w;   ///< [columns, kOutputsTogether]
  double* sums;      ///< [rows, kOutputsTogether]
  double* absolute;  ///< The same; nullptr if nobody wants it.
  double* largest;   ///< The same; nullptr if nobody wants it, or those.
};

/// Each product is rounded and added in the order of k, beginning at zero: a term passes through at most `columns`
/// roundings. The bits are those of the plain loops on every machine; only how many are worked on at a time differs.
void sum_products(const GroupProducts& job);

/// Every way in which this machine can do that; the last one is the quickest.
[[nodiscard]] std::vector<void (*)(const GroupProducts&)> ways_to_sum_products();

}  // namespace plumb
