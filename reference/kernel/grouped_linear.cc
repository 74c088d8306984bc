#include "reference/kernel/grouped_linear.h"

#include <Eigen/Dense>

#include "reference/kernel/sum_stand_in.h"
#include "reference/layout/layouts.h"

namespace plumb {
namespace {

using Matrix = GroupedLinear::Matrix;
using Row = Eigen::RowVectorXd;
using Column = Eigen::VectorXd;

std::vector<double> flatten(const Matrix& matrix) { return {matrix.data(), matrix.data() + matrix.size()}; }

// Absolute values of everything that is multiplied or added.
struct Magnitudes {
  Matrix x, code, scale, weight;  // weight: |code * scale| + |added|
  Row bias;

  explicit Magnitudes(const GroupedLinear& l)
      : x(l.x.cwiseAbs()),
        code(l.code.cwiseAbs()),
        scale(l.scale.cwiseAbs()),
        weight(code.cwiseProduct(scale)),
        bias(l.bias.size() == 0 ? Row::Zero(l.code.rows()) : Row(l.bias.cwiseAbs())) {
    if (l.added.size() > 0) weight += l.added.cwiseAbs();
  }
};

// Scales may be applied to the sum of a group, sum_k x_k c_k, which is larger than what it becomes if they are small.
Matrix peak_of(const Magnitudes& abs, const Matrix& magnitude, const Row& w_max, std::int64_t group) {
  Matrix peak = magnitude.cwiseMax(w_max.replicate(magnitude.rows(), 1));
  for (std::int64_t k = 0; k < abs.x.cols(); k += group) {
    peak = peak.cwiseMax(abs.x.middleCols(k, group) * abs.code.middleCols(k, group).transpose());
  }
  return peak;
}

// If x_k, s_k, c_k s_k, x_k c_k, x_k w_k and each partial sum, of scaled or of unscaled products, are off by one unit,
// the sum is off by at most
//   sum_k (|w_k| + |x_k c_k| + |x_k| + 2 |s_k| + 4) + 2 units,
// and by another |x_k| if what is added to c_k s_k is, too.
Matrix underflow_of(const Magnitudes& abs, bool adds) {
  const Column x_sum = abs.x.rowwise().sum() * (adds ? 2 : 1);
  const Row w_sum = abs.weight.rowwise().sum().transpose(), s_sum = abs.scale.rowwise().sum().transpose();
  const Matrix sum = ((abs.x * abs.code.transpose()).colwise() + x_sum).rowwise() + (w_sum + 2 * s_sum);
  const double per_term = 4.0 * static_cast<double>(abs.x.cols()) + 2;
  return (sum.array() + per_term).matrix();
}

// Shows what is summed up to whoever looks on.
void show(SumStandIn& watcher, const GroupedLinear& linear, const Matrix& weight) {
  watcher.see({linear.x.rows(), weight.rows(), weight.cols(),
               [&](std::int64_t m, std::int64_t n, std::int64_t i) { return linear.x(m, i) * weight(n, i); },
               [&](std::int64_t n) { return linear.bias.size() == 0 ? 0 : linear.bias(n); }});
}

Answer evaluate_as_given(const GroupedLinear& linear) {
  const std::int64_t rows = linear.x.rows();
  const Magnitudes abs(linear);
  Matrix weight = linear.code.cwiseProduct(linear.scale);
  if (linear.added.size() > 0) weight += linear.added;
  if (SumStandIn* watcher = SumStandIn::current()) show(*watcher, linear, weight);
  const Matrix sum = linear.x * weight.transpose();
  const Matrix y = linear.bias.size() == 0 ? sum : Matrix(sum.rowwise() + linear.bias);
  const Matrix magnitude = (abs.x * abs.weight.transpose()).rowwise() + abs.bias;
  const Column x_max = abs.x.rowwise().maxCoeff();
  const Row w_max = abs.weight.rowwise().maxCoeff().transpose();
  Expected expected{.value = flatten(y),
                    .magnitude = flatten(magnitude),
                    .peak = flatten(peak_of(abs, magnitude, w_max, linear.group)),
                    .underflow = flatten(underflow_of(abs, linear.added.size() > 0)),
                    .largest_activation = flatten(x_max.replicate(1, w_max.size())),
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

Matrix spread_over_groups(const Tensor& tensor, Extent extent, std::int64_t group, Order order) {
  const std::int64_t groups = extent.columns / group;
  Matrix matrix(extent.rows, extent.columns);
  for (std::int64_t n = 0; n < extent.rows; ++n) {
    for (std::int64_t k = 0; k < extent.columns; ++k) {
      const std::int64_t g = k / group;
      const std::int64_t at = order == Order::outputs_first ? n * groups + g : g * extent.rows + n;
      matrix(n, k) = tensor.at(tensor.size() == 1 ? 0 : at);
    }
  }
  return matrix;
}

}  // namespace plumb
