#include "reference/kernel/linear_terms.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace plumb {
namespace {

using Matrix = GroupedLinear::Matrix;
using PerRow = LinearTerms::PerRow;
using PerOutput = LinearTerms::PerOutput;

// Columns of a weight, turned: [columns, n].
using Panel = Eigen::Array<double, Eigen::Dynamic, kOutputsTogether, Eigen::RowMajor>;

constexpr std::int64_t kColumnsTogether = 256;  // where nothing else says how many

// Columns [first, first + count) of some rows; of outputs that are not there zeros.
Panel turned(const Matrix& rows, std::int64_t first, std::int64_t count) {
  Panel panel(count, kOutputsTogether);
  if (rows.rows() < kOutputsTogether) panel.setZero();
  for (std::int64_t j = 0; j < rows.rows(); ++j) {
    const double* row = rows.data() + j * rows.cols() + first;
    for (std::int64_t k = 0; k < count; ++k) panel(k, j) = row[k];
  }
  return panel;
}

// A column of values [n, G].
PerOutput column_of(const Matrix& values, std::int64_t g) {
  PerOutput column = PerOutput::Zero();
  column.head(values.rows()) = values.col(g).transpose().array();
  return column;
}

Matrix rows_of(const Matrix& matrix, std::int64_t first, std::int64_t count) {
  return matrix.size() == 0 ? matrix : Matrix(matrix.middleRows(first, count));
}

Matrix sums_of_groups(const Matrix& x, std::int64_t groups) {
  const std::int64_t group = x.cols() / groups;
  Matrix sums(x.rows(), groups);
  for (std::int64_t g = 0; g < groups; ++g) sums.col(g) = x.middleCols(g * group, group).rowwise().sum();
  return sums;
}

// Sums of products of columns of the activation from `first` on with a panel.
GroupProducts products(const LinearActivation& activation, std::int64_t first, const Panel& panel, PerRow& sums) {
  return {activation.x.data() + first,
          activation.abs_x.data() + first,
          activation.x.cols(),
          activation.x.rows(),
          panel.rows(),
          panel.data(),
          sums.data(),
          nullptr,
          nullptr};
}

// Sums of absolute values of the panel, and the largest.
struct AbsoluteValues {
  PerOutput sum = PerOutput::Zero(), largest = PerOutput::Zero();

  explicit AbsoluteValues(const Panel& panel) {
    for (Eigen::Index k = 0; k < panel.rows(); ++k) {
      const PerOutput size = panel.row(k).abs();
      sum += size;
      largest = largest.max(size);
    }
  }
};

}  // namespace

LinearActivation::LinearActivation(const GroupedLinear& linear)
    : x(linear.x), abs_x(linear.x.cwiseAbs()), is_finite(linear.x.allFinite()) {
  if (linear.added.size() == 0 || linear.added.cols() == 0) return;
  group_sum = sums_of_groups(x, linear.added.cols());
  abs_group_sum = sums_of_groups(abs_x, linear.added.cols());
}

// The weight's rows of these outputs.
struct LinearTerms::Block {
  Matrix code;          // q - z, [n, K]
  Matrix scale, added;  // [n, G] or [n, K]
  std::int64_t group;

  Block(const GroupedLinear& l, std::int64_t first, std::int64_t count)
      : code(l.code.middle_rows(first, count)),
        scale(rows_of(l.scale, first, count)),
        added(rows_of(l.added, first, count)),
        group(l.group) {
    if (l.zero.size() == 0) return;
    const Matrix zero = rows_of(l.zero, first, count);
    const std::int64_t serves = code.cols() / zero.cols();
    for (std::int64_t n = 0; n < count; ++n) {
      for (std::int64_t g = 0; g < zero.cols(); ++g) code.row(n).segment(g * serves, serves).array() -= zero(n, g);
    }
  }

  // Whether scales may wait for the sums of their groups: (x c) s is not x (c s) if s is infinite, nor x (c s) + x a
  // the same as x (c s + a) if x is.
  [[nodiscard]] bool scales_sums(const LinearActivation& activation) const {
    const bool has_groups = group > 1 && scale.cols() * group == code.cols();
    const bool adds_to_groups = added.size() == 0 || (added.cols() == scale.cols() && activation.is_finite);
    return has_groups && adds_to_groups && scale.allFinite() && added.allFinite() && code.allFinite();
  }
};

LinearTerms::LinearTerms(const GroupedLinear& linear, const LinearActivation& activation, std::int64_t first,
                         std::int64_t count)
    : value(PerRow::Zero(linear.x.rows(), kOutputsTogether)),
      magnitude(value),
      code_sums(value),
      largest_sum(value),
      weight_sum(PerOutput::Zero()),
      scale_sum(PerOutput::Zero()),
      largest_weight(PerOutput::Zero()) {
  const Block block(linear, first, count);
  if (block.scales_sums(activation)) {
    add_scaled_sums(block, activation);
  } else {
    add_scaled_weights(block, activation);
  }
}

// sum_g s_g sum_(k in g) x_k c_k + a_g sum_(k in g) x_k. A term passes through the rounding of c, of x c, of `group` -
// 1 sums, of a product with s, of K/group - 1 sums (one more where something is added, but then c is exact) and of the
// sum with the bias, K + 3 at most, as bound.cc has it.
void LinearTerms::add_scaled_sums(const Block& block, const LinearActivation& activation) {
  PerRow sums(value.rows(), kOutputsTogether), absolute(value.rows(), kOutputsTogether);
  for (std::int64_t g = 0; g < block.scale.cols(); ++g) {
    const Panel codes = turned(block.code, g * block.group, block.group);
    GroupProducts job = products(activation, g * block.group, codes, sums);
    job.absolute = absolute.data();
    sum_products(job);
    const PerOutput scale = column_of(block.scale, g), size = scale.abs();
    value += sums.rowwise() * scale;
    magnitude += absolute.rowwise() * size;
    code_sums += absolute;
    largest_sum = largest_sum.max(absolute);
    const AbsoluteValues of_codes(codes);
    PerOutput largest = of_codes.largest * size;
    weight_sum += of_codes.sum * size;
    scale_sum += static_cast<double>(block.group) * size;
    if (block.added.size() > 0) {
      const PerOutput added = column_of(block.added, g), added_size = added.abs();
      value += (activation.group_sum.col(g) * added.matrix()).array();
      magnitude += (activation.abs_group_sum.col(g) * added_size.matrix()).array();
      largest += added_size;
      weight_sum += static_cast<double>(block.group) * added_size;
    }
    largest_weight = largest_weight.max(largest);
  }
}

// sum_k x_k (c_k s_k + a_k).
void LinearTerms::add_scaled_weights(const Block& block, const LinearActivation& activation) {
  const std::int64_t columns = block.code.cols(), together = block.group > 1 ? block.group : kColumnsTogether;
  const Matrix scale = for_every_column(block.scale, columns), added = for_every_column(block.added, columns);
  const Matrix product = block.code.cwiseProduct(scale);
  const Matrix weight = added.size() == 0 ? product : Matrix(product + added);
  const Matrix size = added.size() == 0 ? Matrix(product.cwiseAbs()) : Matrix(product.cwiseAbs() + added.cwiseAbs());
  PerRow sums(value.rows(), kOutputsTogether), absolute(sums), largest(sums);
  for (std::int64_t k = 0; k < columns; k += together) {
    const std::int64_t count = std::min(together, columns - k);
    const auto sum = [&](const Panel& panel) {
      GroupProducts job = products(activation, k, panel, sums);
      job.absolute = absolute.data();
      job.largest = largest.data();
      sum_products(job);
    };
    sum(turned(weight, k, count));
    value += sums;
    sum(turned(size, k, count));
    magnitude += absolute;
    sum(turned(block.code, k, count));
    code_sums += absolute;
    largest_sum = largest_sum.max(block.group > 1 ? absolute : largest);
  }
  for (std::int64_t n = 0; n < block.code.rows() && columns > 0; ++n) {
    weight_sum(n) = size.row(n).sum();
    scale_sum(n) = scale.row(n).cwiseAbs().sum();
    const double of_scales = scale.row(n).cwiseAbs().maxCoeff<Eigen::PropagateNumbers>();
    largest_weight(n) = std::isinf(of_scales) ? of_scales : size.row(n).maxCoeff<Eigen::PropagateNaN>();
  }
}

}  // namespace plumb
