#include "reference/kernel/linear_q4gsw.h"

#include <Eigen/Dense>

#include "reference/kernel/ports.h"

namespace plumb {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Row = Eigen::RowVectorXd;
using Column = Eigen::VectorXd;

// Codes, scales spread over K, and the dequantised weight, all [N, K].
struct Weight {
  Matrix code, scale, value;
};

Weight weight_of(const Problem& problem) {
  const Extent extent = extent_of(problem.signature);
  const std::int64_t group = problem.signature["group"];
  const Tensor& scales = problem.inputs[2];
  const std::vector<int> codes = unpack(layout_named("et_vk.q4gsw"), extent, problem.inputs[1].codes());
  Weight w{Matrix(extent.rows, extent.columns), Matrix(extent.rows, extent.columns), {}};
  for (std::int64_t n = 0; n < extent.rows; ++n) {
    for (std::int64_t k = 0; k < extent.columns; ++k) {
      w.code(n, k) = codes[static_cast<std::size_t>(n * extent.columns + k)];
      w.scale(n, k) = scales.at(k / group * extent.rows + n);
    }
  }
  w.value = w.code.cwiseProduct(w.scale);
  return w;
}

Matrix matrix_of(const Tensor& tensor, std::int64_t rows, std::int64_t columns) {
  Matrix matrix(rows, columns);
  for (std::int64_t i = 0; i < tensor.size(); ++i) matrix.data()[i] = tensor.at(i);
  return matrix;
}

std::vector<double> flatten(const Matrix& matrix) { return {matrix.data(), matrix.data() + matrix.size()}; }

Answer evaluate(const Problem& problem) {
  const std::int64_t rows = problem.signature["M"], columns = problem.signature["K"];
  const Weight w = weight_of(problem);
  const Matrix x = matrix_of(problem.inputs[0], rows, columns);
  const Tensor& bias = problem.inputs[3];
  Row b = Row::Zero(w.value.rows());
  for (std::int64_t n = 0; n < bias.size(); ++n) b(n) = bias.at(n);

  const Matrix abs_x = x.cwiseAbs(), abs_w = w.value.cwiseAbs(), abs_code = w.code.cwiseAbs();
  const Matrix y = (x * w.value.transpose()).rowwise() + b;
  const Matrix magnitude = (abs_x * abs_w.transpose()).rowwise() + b.cwiseAbs();
  const Column x_sum = abs_x.rowwise().sum(), x_max = abs_x.rowwise().maxCoeff();
  const Row w_sum = abs_w.rowwise().sum().transpose(), w_max = abs_w.rowwise().maxCoeff().transpose();
  // Scales may be applied to the sum of a group, sum_k x_k c_k, which is larger than what it becomes if they are small.
  Matrix peak = magnitude.cwiseMax(w_max.replicate(rows, 1));
  for (std::int64_t k = 0, group = problem.signature["group"]; k < columns; k += group) {
    peak = peak.cwiseMax(abs_x.middleCols(k, group) * abs_code.middleCols(k, group).transpose());
  }
  // If x_k, s_k, c_k s_k, x_k c_k, x_k w_k and each partial sum, of scaled or of unscaled products, are off by one
  // unit, the sum is off by at most
  //   sum_k (|w_k| + |x_k c_k| + |x_k| + 2 |s_k| + 4) + 2 units.
  const Row s_sum = w.scale.cwiseAbs().rowwise().sum().transpose();
  const Matrix underflow = ((abs_x * abs_code.transpose()).colwise() + x_sum).rowwise() + (w_sum + 2 * s_sum);
  const double per_term = 4.0 * static_cast<double>(columns) + 2;
  return {{.value = flatten(y),
           .magnitude = flatten(magnitude),
           .peak = flatten(peak),
           .underflow = flatten((underflow.array() + per_term).matrix()),
           .largest_activation = flatten(x_max.replicate(1, w_max.size())),
           .largest_weight = flatten(w_max.replicate(rows, 1))}};
}

}  // namespace

Op linear_q4gsw() {
  return {
      .name = "linear_q4gsw",
      .summary = "linear layer, 4-bit symmetric group-scaled weights",
      .source = "ExecuTorch 1.5.1, backends/vulkan/custom_ops_lib.py: et_vk::linear_q4gsw",
      .semantics = "y[m, n] = sum_k x[m, k] * (nibble[n, k] - 8) * weight_scales[k / group, n] + bias[n]",
      .sizes = {{"M", "rows of activation", {1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 33}},
                {"K",
                 "reduction",
                 {7, 8, 12, 16, 32, 36, 40, 48, 64, 96, 128, 144, 192, 256, 320, 384, 512, 1024, 2048}},
                {"N", "outputs", {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 40, 63, 64, 65, 129}}},
      .params = {{"group",
                  "elements of K that share a scale",
                  Param::Kind::integer,
                  {4, 7, 8, 12, 16, 32, 48, 64, 96, 128, 256},
                  std::nullopt},
                 float_param("x", "element type of x and y", {DType::f32, DType::f16}),
                 float_param("scale", "element type of weight_scales", {DType::f32, DType::f16, DType::bf16}),
                 {"bias", "bias is added", Param::Kind::flag, {0, 1}, 0},
                 {"lead", "number of dimensions that M is spread over", Param::Kind::integer, {1, 2, 3}, 1}},
      .inputs = {{.name = "x", .meaning = "activation", .dtype = "x", .shape = "M..., K", .fill = Fill::activation},
                 {.name = "weights",
                  .meaning = "packed codes",
                  .dtype = "u8",
                  .shape = "N, ceil_to(K, 8)/2",
                  .role = Role::constant,
                  .fill = Fill::codes,
                  .layouts = {"et_vk.q4gsw"}},
                 {.name = "weight_scales",
                  .meaning = "scale of each group, transposed",
                  .dtype = "scale",
                  .shape = "K/group, N",
                  .role = Role::constant,
                  .fill = Fill::scale},
                 {.name = "bias",
                  .meaning = "added to every row",
                  .dtype = "f32",
                  .shape = "N",
                  .role = Role::constant,
                  .fill = Fill::bias,
                  .present_if = "bias"}},
      .outputs = {{.name = "y", .meaning = "result", .dtype = "x", .shape = "M..., N"}},
      .constraints = {{"K >= 1 && N >= 1", "there is something to multiply"},
                      {"group >= 1", "a group has at least one element"},
                      {"K % group == 0", "groups divide the reduction"}},
      .arithmetic = Arithmetic::accumulated,
      .length = "K",
      .max_code_magnitude = 8,
      .evaluate = evaluate,
  };
}

}  // namespace plumb
