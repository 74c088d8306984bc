// The layers of linear_intx.h whose activation is quantised first: linear_dynamic_intx and dyn_quant_matmul_4bit.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "reference/bound.h"
#include "reference/kernel/intx_ports.h"
#include "reference/kernel/linear_intx.h"
#include "reference/quant/choose_qparams_affine.h"
#include "reference/quant/fake_quantize.h"
#include "reference/quant/quantize_affine.h"
#include "reference/quant/steps.h"
#include "reference/quant/torch_arithmetic.h"

namespace plumb {
namespace {

using Matrix = GroupedLinear::Matrix;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

enum Activation : std::int64_t { kAsymmetric, kSymmetric };

// What any float kernel that is right may do: weights in type `weight` or in f32, sums in f32 in any order and, on
// devices, without subnormals; a code of x times its scale, code - zero point, a weight, its product, two scalings of a
// sum and the bias are rounded once each. What becomes of a row of x that is not finite is open.
Expected with_slack(Expected expected, const Signature& signature, DType weight, const Matrix& x) {
  static const Op linear = linear_intx();
  expected.slack.assign(expected.value.size(), 0);
  for (const Contract& contract : {Contract{DType::f32, weight, DType::f32, 1, 8, false},
                                   Contract{DType::f32, DType::f32, DType::f32, 1, 8, true}}) {
    const std::vector<double> bound = bounds(linear, signature, contract, expected);
    std::ranges::transform(expected.slack, bound, expected.slack.begin(),
                           [](double a, double b) { return std::max(a, b); });
  }
  const auto outputs = static_cast<std::ptrdiff_t>(signature["N"]);
  for (Eigen::Index m = 0; m < x.rows(); ++m) {
    if (!x.row(m).allFinite()) std::fill_n(expected.slack.begin() + m * outputs, outputs, kInfinity);
  }
  return expected;
}

Tensor rows_of(const Tensor& x, std::int64_t rows, std::int64_t columns) {
  return {x.dtype(), {rows, columns}, {x.bytes().begin(), x.bytes().end()}};
}

Matrix asymmetric(const Tensor& x, const Sizes& range) {
  const auto type = static_cast<std::int64_t>(x.dtype());
  const Answer answer = evaluate_step(fake_quantize_per_token(), {{"scale", type}, {"zp", type}}, {x});
  Matrix result(x.shape()[0], range.at("group"));
  std::ranges::copy(answer[0].value, result.data());
  return result;
}

Matrix symmetric(const Tensor& x, const Sizes& range) {
  constexpr std::int64_t kSymmetricMapping = 0, kEps2ToMinus23 = 3;  // choose_qparams_affine's words
  Sizes choice = range, code = range;
  choice.insert({{"mapping", kSymmetricMapping}, {"eps", kEps2ToMinus23}});
  code.insert({{"zero_point", 0}, {"code", static_cast<std::int64_t>(DType::i8)}});
  const Tensor scale =
      step_tensor(DType::f32, {x.shape()[0], 1}, evaluate_step(choose_qparams_affine(), choice, {x})[0]);
  const Answer codes = evaluate_step(quantize_affine(), code, {x, scale, Tensor()});
  Matrix result(x.shape()[0], range.at("group"));
  for (std::int64_t i = 0; i < result.size(); ++i) {
    result.data()[i] = codes[0].value[static_cast<std::size_t>(i)] * scale.at(i / result.cols());
  }
  return result;
}

Answer evaluate_dynamic(const Problem& problem) {
  const Signature& signature = problem.signature;
  const Tensor x = rows_of(problem.inputs[0], signature["M"], signature["K"]);
  const Sizes range = {{"group", signature["K"]}, {"quant_min", -128}, {"quant_max", 127}};
  Expected expected = signature["activation"] == kSymmetric
                          ? sums_scaled_last(intx_linear(problem, symmetric(x, range)), x.dtype())
                          : evaluate(intx_linear(problem, asymmetric(x, range)))[0];
  return {with_slack(std::move(expected), signature, x.dtype(), matrix_of(x, signature["M"], signature["K"]))};
}

// A row of x as ATen quantises it.
struct AtenRow {
  double scale = 1, zero_point = 0;
  bool defined = true;  // scale and its reciprocal are normal numbers

  explicit AtenRow(const Matrix::ConstRowXpr& row) {
    const TorchArithmetic f32(DType::f32);
    const double min = std::min(row.minCoeff(), 0.0), max = std::max(row.maxCoeff(), 0.0);
    if (min != max) scale = f32.div(255, f32.sub(max, min));
    defined = row.allFinite() && scale >= 0x1p-126 && scale <= 0x1p126;
    const double low = f32.mul(min, scale), high = f32.mul(max, scale);
    const bool from_min = f32.add(f32.add(-128, low), f32.add(127, high)) > 0;
    zero_point = rne(clamped(from_min ? f32.sub(-128, low) : f32.sub(127, high), -128, 127));
  }

  // (q - zp) / s, rounded to f32 but for the last product.
  [[nodiscard]] double quantised(double value) const {
    const TorchArithmetic f32(DType::f32);
    const double code = clamped(std::round(f32.mul(value, scale)) + zero_point, -128, 127);
    return (code - zero_point) * f32.div(1, scale);
  }
};

enum AtenInput : std::size_t { kX, kWeights, kScales, kBias };

Answer evaluate_aten(const Problem& problem) {
  const Signature& signature = problem.signature;
  const Extent extent = extent_of(signature);
  const Matrix x = matrix_of(problem.inputs[kX], signature["M"], extent.columns);
  Matrix quantised = x;
  std::vector<bool> defined;
  for (std::int64_t m = 0; m < x.rows(); ++m) {
    const AtenRow row(x.row(m));
    defined.push_back(row.defined);
    for (std::int64_t k = 0; k < x.cols() && row.defined; ++k) quantised(m, k) = row.quantised(x(m, k));
  }
  Expected expected =
      evaluate(GroupedLinear{.x = std::move(quantised),
                             .code = codes_of("et_vk.q4_even_low", extent, problem.inputs[kWeights]),
                             .scale = by_group(problem.inputs[kScales], extent.rows,
                                               extent.columns / signature["group"], Order::outputs_first),
                             .bias = row_of(problem.inputs[kBias]),
                             .group = signature["group"]})[0];
  for (std::size_t i = 0; i < expected.value.size(); ++i) {
    if (!defined[i / static_cast<std::size_t>(extent.rows)]) expected.peak[i] = kInfinity;
  }
  if (signature["x"] == static_cast<std::int64_t>(DType::bf16)) {  // cut off: at most twice as far as rounded
    for (const double value : expected.value) expected.rounded_before.push_back(std::abs(value));
  }
  return {with_slack(std::move(expected), signature, DType::f32, x)};
}

}  // namespace

Op linear_dynamic_intx() {
  std::vector<Param> params = intx_params();
  params.insert(params.begin() + 1,
                choice_param("activation", "how rows of x are quantised", {"asymmetric", "symmetric"}));
  return {
      .name = "linear_dynamic_intx",
      .summary = "linear layer, activation quantised to int8 row by row on the fly, integer weights of up to 8 bits",
      .source =
          "torchao 0.18.0, Int8DynamicActivationIntxWeightConfig (asymmetric), Int8DynamicActivationInt8WeightConfig "
          "(symmetric)",
      .semantics =
          "y[m, n] = sum_k x'[m, k] * (codes[n, k] - zero_point[n, k / group]) * scale[n, k / group] + bias[n]; "
          "asymmetric: x' as fake_quantize_per_token gives it; symmetric: x' = s * clamp(rne(x * (1/s)), -128, 127), s "
          "= max(max |x| / 127.5, 2^-23)",
      .sizes = {few_rows(), intx_reduction(), few_outputs()},
      .params = std::move(params),
      .inputs = intx_inputs(),
      .outputs = {result_port()},
      .constraints = intx_constraints({{"activation == 0 || group == K", "a sum has one scale"}}),
      .left_open = "the order of sums, and whether weights are rounded to the activation's type",
      .evaluate = evaluate_dynamic,
  };
}

Op dyn_quant_matmul_4bit() {
  return {
      .name = "dyn_quant_matmul_4bit",
      .summary = "ATen's linear layer, activation quantised to int8 row by row on the fly, 4-bit weights",
      .source = "torch 2.13.0, aten::_dyn_quant_matmul_4bit, portable path",
      .semantics =
          "y[m, n] = sum_k (q[m, k] - zp[m]) / s[m] * (nibble[n, k] - 8) * scales[n, k / group] + bias[n], q = "
          "clamp(round(x * s) + zp, -128, 127), ties away from zero, s = 255 / (max(x, 0) - min(x, 0))",
      .sizes = {few_rows(), reduction({2, 16, 32, 34, 64, 96, 160, 256, 510, 1024}), few_outputs()},
      .params = {group_param({2, 16, 32, 34, 64, 96, 160, 256, 510, 1024}),
                 float_param("x", "element type of x and y", {DType::f32, DType::bf16}),
                 flag_param("bias", "bias is added"), lead_param()},
      .inputs = {activation_port(),
                 {.name = "weights",
                  .meaning = "packed codes",
                  .dtype = "u8",
                  .shape = "N, K/2",
                  .role = Role::constant,
                  .fill = Fill::codes,
                  .layouts = {"et_vk.q4_even_low"}},
                 constant_port("scales", "scale of each group", "f32", "N, K/group", Fill::scale),
                 optional_port(constant_port("bias", "added to every row", "f32", "N", Fill::bias))},
      .outputs = {result_port()},
      .constraints = {{"K >= 1 && N >= 1", "there is something to multiply"},
                      {"K % 2 == 0", "two codes fill a byte"},
                      {"group >= 1", "a group has at least one element"},
                      {"K % group == 0", "groups divide the reduction"},
                      {"group == K || group % 32 == 0", "required by ATen"},
                      {"x == 7 || group == K", "activations of bf16 are for one scale an output"}},
      .left_open = "the order of sums",
      .evaluate = evaluate_aten,
  };
}

}  // namespace plumb
