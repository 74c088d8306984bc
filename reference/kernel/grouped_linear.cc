#include "reference/kernel/grouped_linear.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/kernel/first_outputs.h"
#include "reference/kernel/linear_terms.h"
#include "reference/kernel/sum_stand_in.h"

namespace plumb {
namespace {

using Matrix = GroupedLinear::Matrix;
using Row = Eigen::RowVectorXd;
using Column = Eigen::VectorXd;

// If x_k, s_k, c_k s_k, x_k c_k, x_k w_k and each partial sum, of scaled or of unscaled products, are off by one unit,
// the sum is off by at most
//   sum_k (|w_k| + |x_k c_k| + |x_k| + 2 |s_k| + 4) + 2 units,
// and by another |x_k| if what is added to c_k s_k is, too.
LinearTerms::PerRow underflow_of(const LinearTerms& terms, const Column& x_sum, bool adds, std::int64_t columns) {
  const LinearTerms::PerOutput of_weight = terms.weight_sum + 2 * terms.scale_sum;
  const Eigen::ArrayXd of_x = x_sum.array() * (adds ? 2 : 1);
  const double per_term = 4.0 * static_cast<double>(columns) + 2;
  return ((terms.code_sums.colwise() + of_x).rowwise() + of_weight) + per_term;
}

// Shows what is summed up to whoever looks on.
void show(SumStandIn& watcher, const GroupedLinear& linear) {
  const Matrix code = shifted_codes(linear);
  Matrix weight = code.cwiseProduct(for_every_column(linear.scale, code.cols()));
  if (linear.added.size() > 0) weight += for_every_column(linear.added, code.cols());
  watcher.see({linear.x.rows(), weight.rows(), weight.cols(),
               [&](std::int64_t m, std::int64_t n, std::int64_t i) { return linear.x(m, i) * weight(n, i); },
               [&](std::int64_t n) { return linear.bias.size() == 0 ? 0 : linear.bias(n); }});
}

Answer evaluate_as_given(const GroupedLinear& linear) {
  if (SumStandIn* watcher = SumStandIn::current()) show(*watcher, linear);
  const std::int64_t rows = linear.x.rows(), outputs = linear.code.rows(), columns = linear.code.cols();
  const LinearActivation activation(linear);
  const Column x_sum = activation.abs_x.rowwise().sum();
  Column x_max = Column::Zero(rows);
  for (Eigen::Index m = 0; m < rows && columns > 0; ++m)
    x_max[m] = activation.abs_x.row(m).maxCoeff<Eigen::PropagateNaN>();
  const bool has_bias = linear.bias.size() > 0, rounds_before = linear.rounds_before_bias && has_bias;
  Expected expected = not_evaluated(static_cast<std::size_t>(rows * outputs));
  if (rounds_before) expected.rounded_before.resize(expected.value.size());
  const std::int64_t wanted = FirstOutputs::of(outputs);
  for (std::int64_t first = 0; first < wanted; first += kOutputsTogether) {
    const std::int64_t count = std::min(kOutputsTogether, wanted - first);
    const LinearTerms terms(linear, activation, first, count);
    const LinearTerms::PerRow underflow = underflow_of(terms, x_sum, linear.added.size() > 0, columns);
    for (std::int64_t m = 0; m < rows; ++m) {
      for (std::int64_t j = 0; j < count; ++j) {
        const auto at = static_cast<std::size_t>(m * outputs + first + j);
        const double bias = has_bias ? linear.bias(first + j) : 0, sum = terms.value(m, j);
        expected.value[at] = has_bias ? sum + bias : sum;
        expected.magnitude[at] = terms.magnitude(m, j) + std::abs(bias);
        expected.peak[at] = std::max({expected.magnitude[at], terms.largest_weight(j), terms.largest_sum(m, j)});
        expected.underflow[at] = underflow(m, j);
        expected.largest_activation[at] = x_max[m];
        expected.largest_weight[at] = terms.largest_weight(j);
        if (rounds_before) expected.rounded_before[at] = std::abs(sum);
      }
    }
  }
  return {std::move(expected)};
}

}  // namespace

Expected not_evaluated(std::size_t count) {
  const std::vector<double> zeros(count);
  return {.value = std::vector<double>(count, std::numeric_limits<double>::quiet_NaN()),
          .magnitude = zeros,
          .peak = zeros,
          .underflow = zeros,
          .largest_activation = zeros,
          .largest_weight = zeros};
}

Matrix for_every_column(const Matrix& values, std::int64_t columns) {
  if (values.size() == 0 || values.cols() == columns) return values;
  Matrix spread(values.rows(), columns);
  const std::int64_t group = columns / values.cols();
  for (std::int64_t n = 0; n < values.rows(); ++n) {
    for (std::int64_t g = 0; g < values.cols(); ++g) spread.row(n).segment(g * group, group).setConstant(values(n, g));
  }
  return spread;
}

Matrix shifted_codes(const GroupedLinear& linear) {
  const Matrix code = linear.code.all();
  return linear.zero.size() == 0 ? code : Matrix(code - for_every_column(linear.zero, code.cols()));
}

Answer evaluate(const GroupedLinear& linear) {
  SumStandIn* stand_in = SumStandIn::current();
  if (stand_in == nullptr) return evaluate_as_given(linear);
  Matrix x = linear.x, code = shifted_codes(linear), scale = for_every_column(linear.scale, code.cols());
  stand_in->change_activation(x);
  stand_in->change_weight(code, scale);
  return evaluate_as_given({.x = std::move(x),
                            .code = std::move(code),
                            .scale = std::move(scale),
                            .added = for_every_column(linear.added, linear.code.cols()),
                            .bias = linear.bias,
                            .group = linear.group,
                            .rounds_before_bias = linear.rounds_before_bias});
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

}  // namespace plumb
