#include "reference/quant/compute_error.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/bound.h"
#include "reference/quant/affine_blocks.h"
#include "reference/quant/block_range.h"
#include "reference/quant/outcomes.h"
#include "reference/quant/torch_arithmetic.h"

namespace plumb {
namespace {

// What the elements' type is computed in.
struct StepType {
  DType stored, computed;
  double unit;  // roundoff of the computing type

  explicit StepType(DType dtype)
      : stored(dtype),
        computed(dtype == DType::f64 ? DType::f64 : DType::f32),
        unit(unit_roundoff(dtype == DType::f64 ? DType::f64 : DType::f32)) {}

  [[nodiscard]] double rounded(double value) const { return TorchArithmetic(stored).rounded(value); }
  [[nodiscard]] Outcomes rounded(double low, double high) const { return {rounded(low), rounded(high)}; }
};

// Libraries are within four units in the last place, which are at most 8 u of a result.
constexpr double kFunctionUnits = 8;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// |values|. A square, and every partial sum, is rounded once: |s^ - s| <= gamma_n s for n squares (Higham, Accuracy and
// Stability of Numerical Algorithms, section 4.2); as much again for the oracle's own sum. Squares below the normal
// range may be lost.
Outcomes norm(const std::vector<double>& values, const StepType& type) {
  double sum = 0;
  bool zero = true;
  for (const double value : values) {
    sum += value * value;
    zero = zero && value == 0;
  }
  if (zero) return 0.0;
  if (std::isnan(sum)) return sum;
  if (std::ranges::any_of(values, [](double value) { return std::isinf(value); })) return sum;
  const auto n = static_cast<std::int64_t>(values.size());
  const double error =
      (gamma(n, type.unit) + gamma(n, 0x1p-53)) * sum + static_cast<double>(n) * min_normal(type.computed);
  if (!(sum + error <= info(type.computed).max_finite)) return Outcomes::anything();
  const double low = std::sqrt(std::max(sum - error, 0.0)), high = std::sqrt(sum + error);
  return type.rounded(low * (1 - kFunctionUnits * type.unit), high * (1 + kFunctionUnits * type.unit));
}

// Neither is negative.
Outcomes ratio(const Outcomes& signal, const Outcomes& noise, const StepType& type) {
  if (signal.is_anything() || noise.is_anything()) return Outcomes::anything();
  if (signal.is_certain() && noise.is_certain()) return type.rounded(signal.low() / noise.low());
  if (noise.is_certain() && noise.low() == 0 && signal.low() > 0) return kInfinity;
  if (noise.low() == 0 || std::isinf(signal.high()) || std::isinf(noise.high())) return Outcomes::anything();
  return type.rounded(signal.low() / noise.high(), signal.high() / noise.low());
}

// 20 * log10(r). The logarithm of 1 is 0 to the last bit.
Outcomes decibels(const Outcomes& r, const StepType& type) {
  if (r.is_anything() || r.is_nan()) return r;
  if (!r.is_certain() && r.low() == 0) return Outcomes::anything();
  const auto end = [&](double value, double direction) {
    const double logarithm = std::log10(value), error = std::abs(logarithm) * kFunctionUnits * type.unit;
    return type.rounded(20 * type.rounded(std::isinf(logarithm) ? logarithm : logarithm + direction * error));
  };
  return {end(r.low(), -1), end(r.high(), 1)};
}

Answer evaluate(const Problem& problem) {
  const Tensor &x = problem.inputs[0], &y = problem.inputs[1];
  const StepType type(x.dtype());
  std::vector<double> signal, noise;
  for (std::int64_t i = 0; i < x.size(); ++i) {
    signal.push_back(x.at(i));
    noise.push_back(type.rounded(x.at(i) - y.at(i)));
  }
  Answer answer(1);
  append(answer[0], decibels(ratio(norm(signal, type), norm(noise, type), type), type));
  return answer;
}

}  // namespace

Op compute_error() {
  return {
      .name = "compute_error",
      .summary = "signal-to-quantisation-noise ratio of two tensors, in decibels",
      .source = "torchao 0.18.0, quantization/utils.py: compute_error",
      .semantics = "sqnr = 20 * log10(|x| / |x - y|), |v| = sqrt(sum v^2), each step rounded to the elements' type",
      .sizes = {{"M", "rows", {1, 2, 3, 7, 8, 64}}, {"K", "columns", {1, 2, 15, 16, 17, 33, 64, 257, 2049, 4096}}},
      .params = {{"lead", "number of dimensions the rows are spread over", Param::Kind::integer, {0, 1, 2}, 1},
                 dtype_param("x", "element type", {DType::f32, DType::f16, DType::bf16, DType::f64})},
      .inputs = {{.name = "x", .meaning = "values", .dtype = "x", .shape = "M..., K", .fill = Fill::activation},
                 {.name = "y",
                  .meaning = "what they became, e.g. quantised and back",
                  .dtype = "x",
                  .shape = "M..., K",
                  .fill = Fill::activation}},
      .outputs = {{.name = "sqnr", .meaning = "decibels", .dtype = "x", .shape = "1"}},
      .constraints = {{"M > 0 && K > 0", "there is something to compare"},
                      {"lead >= 1 || M == 1", "no dimensions make one row"}},
      .left_open = "the order of sums, and the last bits of square root and logarithm",
      .evaluate = evaluate,
  };
}

}  // namespace plumb
