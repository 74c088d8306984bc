#include "reference/kernel/grouped_linear.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "reference/kernel/sum_stand_in.h"
#include "reference/layout/layouts.h"

namespace plumb {
namespace {

using Matrix = GroupedLinear::Matrix;
using Row = Eigen::RowVectorXd;
using Column = Eigen::VectorXd;

std::vector<double> flatten(const Matrix& matrix) { return {matrix.data(), matrix.data() + matrix.size()}; }

// Outputs that are evaluated together: what is made on the way stays in a cache.
constexpr std::int64_t kOutputsTogether = 32;

// Values of groups of columns, [N, G], as values of `columns` columns.
Matrix for_every_column(const Matrix& values, std::int64_t columns) {
  if (values.cols() == columns) return values;
  Matrix spread(values.rows(), columns);
  const std::int64_t group = columns / values.cols();
  for (std::int64_t n = 0; n < values.rows(); ++n) {
    for (std::int64_t g = 0; g < values.cols(); ++g) spread.row(n).segment(g * group, group).setConstant(values(n, g));
  }
  return spread;
}

// Some rows n of a weight, and absolute values of everything that is multiplied or added.
struct Block {
  Matrix weight;                           // code * scale + added
  Matrix abs_code, abs_scale, abs_weight;  // abs_weight: |code * scale| + |added|

  Block(const GroupedLinear& l, std::int64_t first, std::int64_t count)
      : abs_code(l.code.middleRows(first, count).cwiseAbs()),
        abs_scale(for_every_column(l.scale.middleRows(first, count), l.code.cols())) {
    weight = l.code.middleRows(first, count).cwiseProduct(abs_scale);
    abs_scale = abs_scale.cwiseAbs().eval();
    abs_weight = weight.cwiseAbs();
    if (l.added.size() == 0) return;
    weight += l.added.middleRows(first, count);
    abs_weight += l.added.middleRows(first, count).cwiseAbs();
  }
};

// max |w_k| of each row. Infinite where a scale is, whatever it is multiplied by; NaN outranks other infinities.
Row largest_weights(const Matrix& scale, const Matrix& abs_weight) {
  Row largest(abs_weight.rows());
  for (std::int64_t n = 0; n < abs_weight.rows(); ++n) {
    const double of_scales = scale.row(n).cwiseAbs().maxCoeff<Eigen::PropagateNumbers>();
    largest(n) = std::isinf(of_scales) ? of_scales : abs_weight.row(n).maxCoeff<Eigen::PropagateNaN>();
  }
  return largest;
}

// Scales may be applied to the sum of a group, sum_k x_k c_k, which is larger than what it becomes if they are small:
// the largest of those sums, and all of them.
struct GroupSums {
  Matrix largest, all;

  GroupSums(const Matrix& abs_x, const Block& block, std::int64_t group)
      : largest(Matrix::Zero(abs_x.rows(), block.abs_code.rows())), all(largest) {
    for (std::int64_t k = 0; k < abs_x.cols(); k += group) {
      const Matrix sum = abs_x.middleCols(k, group) * block.abs_code.middleCols(k, group).transpose();
      largest = largest.cwiseMax(sum);
      all += sum;
    }
  }
};

// If x_k, s_k, c_k s_k, x_k c_k, x_k w_k and each partial sum, of scaled or of unscaled products, are off by one unit,
// the sum is off by at most
//   sum_k (|w_k| + |x_k c_k| + |x_k| + 2 |s_k| + 4) + 2 units,
// and by another |x_k| if what is added to c_k s_k is, too.
Matrix underflow_of(const Matrix& abs_x, const Block& block, const Matrix& code_sums, bool adds) {
  const Column x_sum = abs_x.rowwise().sum() * (adds ? 2 : 1);
  const Row w_sum = block.abs_weight.rowwise().sum().transpose(), s_sum = block.abs_scale.rowwise().sum().transpose();
  const Matrix sum = (code_sums.colwise() + x_sum).rowwise() + (w_sum + 2 * s_sum);
  const double per_term = 4.0 * static_cast<double>(abs_x.cols()) + 2;
  return (sum.array() + per_term).matrix();
}

// Shows what is summed up to whoever looks on.
void show(SumStandIn& watcher, const GroupedLinear& linear) {
  Matrix weight = linear.code.cwiseProduct(for_every_column(linear.scale, linear.code.cols()));
  if (linear.added.size() > 0) weight += linear.added;
  watcher.see({linear.x.rows(), weight.rows(), weight.cols(),
               [&](std::int64_t m, std::int64_t n, std::int64_t i) { return linear.x(m, i) * weight(n, i); },
               [&](std::int64_t n) { return linear.bias.size() == 0 ? 0 : linear.bias(n); }});
}

Answer evaluate_as_given(const GroupedLinear& linear) {
  if (SumStandIn* watcher = SumStandIn::current()) show(*watcher, linear);
  const std::int64_t rows = linear.x.rows(), outputs = linear.code.rows();
  const Matrix abs_x = linear.x.cwiseAbs();
  Matrix sum(rows, outputs), magnitude(rows, outputs), peak(rows, outputs), underflow(rows, outputs);
  Row w_max(outputs);
  for (std::int64_t first = 0; first < outputs; first += kOutputsTogether) {
    const std::int64_t count = std::min(kOutputsTogether, outputs - first);
    const Block block(linear, first, count);
    sum.middleCols(first, count) = linear.x * block.weight.transpose();
    w_max.segment(first, count) = largest_weights(linear.scale.middleRows(first, count), block.abs_weight);
    Matrix size = abs_x * block.abs_weight.transpose();
    if (linear.bias.size() > 0) size.rowwise() += linear.bias.segment(first, count).cwiseAbs();
    const GroupSums code_sums(abs_x, block, linear.group);
    peak.middleCols(first, count) =
        size.cwiseMax(w_max.segment(first, count).replicate(rows, 1)).cwiseMax(code_sums.largest);
    magnitude.middleCols(first, count) = size;
    underflow.middleCols(first, count) = underflow_of(abs_x, block, code_sums.all, linear.added.size() > 0);
  }
  const Matrix y = linear.bias.size() == 0 ? sum : Matrix(sum.rowwise() + linear.bias);
  Column x_max(rows);
  for (Eigen::Index m = 0; m < rows; ++m) x_max[m] = abs_x.row(m).maxCoeff<Eigen::PropagateNaN>();
  Expected expected{.value = flatten(y),
                    .magnitude = flatten(magnitude),
                    .peak = flatten(peak),
                    .underflow = flatten(underflow),
                    .largest_activation = flatten(x_max.replicate(1, outputs)),
                    .largest_weight = flatten(w_max.replicate(rows, 1))};
  if (linear.rounds_before_bias && linear.bias.size() > 0) expected.rounded_before = flatten(sum.cwiseAbs());
  return {std::move(expected)};
}

}  // namespace

Answer evaluate(const GroupedLinear& linear) {
  SumStandIn* stand_in = SumStandIn::current();
  if (stand_in == nullptr) return evaluate_as_given(linear);
  GroupedLinear changed = linear;
  stand_in->change_activation(changed.x);
  changed.scale = for_every_column(linear.scale, linear.code.cols());
  stand_in->change_weight(changed.code, changed.scale);
  return evaluate_as_given(changed);
}

Matrix matrix_of(const Tensor& tensor, std::int64_t rows, std::int64_t columns) {
  Matrix matrix(rows, columns);
  for (std::int64_t i = 0; i < tensor.size(); ++i) matrix.data()[i] = tensor.at(i);
  return matrix;
}

Matrix pre_scaled(const Tensor& x, const Tensor& factors, std::int64_t rows, std::int64_t columns) {
  Matrix matrix = matrix_of(x, rows, columns);
  if (!factors.present()) return matrix;
  for (std::int64_t i = 0; i < matrix.size(); ++i) {
    double& value = matrix.data()[i];
    value = round_to(x.dtype(), value * factors.at(i % columns));
  }
  return matrix;
}

Row row_of(const Tensor& tensor) {
  Row row(tensor.size());
  for (std::int64_t i = 0; i < tensor.size(); ++i) row(i) = tensor.at(i);
  return row;
}

Matrix codes_of(std::string_view layout, Extent extent, const Tensor& packed) {
  const auto* bytes = static_cast<const std::uint8_t*>(static_cast<const void*>(packed.bytes().data()));
  const std::vector<int> codes = unpack(layout_named(layout), extent, {bytes, packed.bytes().size()});
  Matrix matrix(extent.rows, extent.columns);
  for (std::size_t i = 0; i < codes.size(); ++i) matrix.data()[i] = codes[i];
  return matrix;
}

Matrix by_group(const Tensor& tensor, std::int64_t rows, std::int64_t groups, Order order) {
  Matrix matrix(rows, groups);
  for (std::int64_t n = 0; n < rows; ++n) {
    for (std::int64_t g = 0; g < groups; ++g) {
      const std::int64_t at = order == Order::outputs_first ? n * groups + g : g * rows + n;
      matrix(n, g) = tensor.at(tensor.size() == 1 ? 0 : at);
    }
  }
  return matrix;
}

Matrix spread_over_groups(const Tensor& tensor, Extent extent, std::int64_t group, Order order) {
  return for_every_column(by_group(tensor, extent.rows, extent.columns / group, order), extent.columns);
}

}  // namespace plumb
