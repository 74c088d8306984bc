#include "reference/kernel/adamw_step.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/kernel/ports.h"
#include "reference/quant/outcomes.h"

namespace plumb {
namespace {

enum Input : std::size_t { kParam, kM, kV, kGrad, kFactors };

// Four units in the last place of a result, and what may be lost below the normal range.
constexpr double kRelative = 8 * 0x1p-24, kLost = 0x1p-126;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// All values that an expression may have, every operation of which may be off.
struct Interval {
  double low, high;

  explicit Interval(double value) : low(value), high(value) {}
  Interval(double end, double other_end) : low(std::min(end, other_end)), high(std::max(end, other_end)) {}

  // What an operation of exact result `exact` may give; anything where it may overflow.
  [[nodiscard]] static Interval off(const Interval& exact) {
    if (!(std::max(std::abs(exact.low), std::abs(exact.high)) < info(DType::f32).max_finite))
      return {-kInfinity, kInfinity};
    return {exact.low - std::abs(exact.low) * kRelative - kLost, exact.high + std::abs(exact.high) * kRelative + kLost};
  }
  // Not finite: no bound can be given.
  [[nodiscard]] Outcomes outcomes() const {
    const bool finite = std::isfinite(low) && std::isfinite(high) &&
                        std::max(std::abs(low), std::abs(high)) <= info(DType::f32).max_finite;
    return finite ? Outcomes(low, high) : Outcomes::anything();
  }
};

Interval operator+(const Interval& a, const Interval& b) { return Interval::off({a.low + b.low, a.high + b.high}); }
Interval operator-(const Interval& a, const Interval& b) { return Interval::off({a.low - b.high, a.high - b.low}); }
Interval operator*(const Interval& a, double factor) { return Interval::off({a.low * factor, a.high * factor}); }
Interval operator*(double factor, const Interval& a) { return a * factor; }
// The divisor does not change its sign.
Interval operator/(const Interval& a, const Interval& b) {
  const auto [low, high] = std::minmax({a.low / b.low, a.low / b.high, a.high / b.low, a.high / b.high});
  return Interval::off({low, high});
}
Interval root(const Interval& a) { return Interval::off({std::sqrt(a.low), std::sqrt(a.high)}); }

struct Factors {
  double lr, beta1, beta2, eps, weight_decay, bias_correction1, bias_correction2;
};

Outcomes next_param(double param, const Interval& m, const Interval& v, const Factors& f) {
  const Interval mean = m * (1 / f.bias_correction1), square = v * (1 / f.bias_correction2);
  if (square.high < 0) return std::nan("");
  if (!(square.low >= 0)) return Outcomes::anything();
  const Interval divisor = root(square) + Interval(f.eps);
  if (!(divisor.low > 0)) return Outcomes::anything();
  // Either bracket comes to this, whichever of its terms are taken from param first.
  const Interval update = f.lr * (mean / divisor), decay = f.lr * (f.weight_decay * Interval(param));
  const Interval sum = (Interval(param) - update) - decay;
  const double largest = std::max(
      {std::abs(param), std::abs(update.low), std::abs(update.high), std::abs(decay.low), std::abs(decay.high)});
  return Interval(sum.low - 3 * largest * kRelative, sum.high + 3 * largest * kRelative).outcomes();
}

Answer evaluate(const Problem& problem) {
  const auto at = [&](Input input, std::int64_t i) { return problem.inputs[input].at(i); };
  const Factors f{at(kFactors, 0), at(kFactors, 1), at(kFactors, 2), at(kFactors, 3),
                  at(kFactors, 4), at(kFactors, 5), at(kFactors, 6)};
  Answer answer(3);
  for (std::int64_t i = 0; i < problem.inputs[kParam].size(); ++i) {
    const Interval grad(at(kGrad, i));
    const Interval m = f.beta1 * Interval(at(kM, i)) + (1 - f.beta1) * grad;
    const Interval v = f.beta2 * Interval(at(kV, i)) + (1 - f.beta2) * Interval::off(Interval(grad.low * grad.low));
    append(answer[0], next_param(at(kParam, i), m, v, f));
    append(answer[1], m.outcomes());
    append(answer[2], v.outcomes());
  }
  return answer;
}

Port tensor_port(std::string name, std::string meaning, Fill fill = Fill::activation) {
  return {.name = std::move(name), .meaning = std::move(meaning), .dtype = "f32", .shape = "M..., K", .fill = fill};
}

}  // namespace

Op adamw_step() {
  return {
      .name = "adamw_step",
      .summary = "a step of AdamW: new parameters and moments from a gradient",
      .source = "ExecuTorch 1.5.1, backends/vulkan/custom_ops_lib.py: et_vk::adamw_step",
      .semantics =
          "m' = beta1 m + (1 - beta1) grad, v' = beta2 v + (1 - beta2) grad^2, param' = param - lr (weight_decay param "
          "+ (m' / bias_correction1) / (sqrt(v' / bias_correction2) + eps))",
      .sizes = {{"M", "rows", {1, 2, 3, 17}}, {"K", "columns", {1, 2, 8, 15, 17, 33, 257, 2049}}},
      .params = {lead_param()},
      .inputs = {tensor_port("param", "parameters"),
                 tensor_port("m", "means of gradients"),
                 tensor_port("v", "means of their squares", Fill::scale),
                 tensor_port("grad", "gradient"),
                 {.name = "factors",
                  .meaning = "lr, beta1, beta2, eps, weight_decay, bias_correction1, bias_correction2",
                  .dtype = "f64",
                  .shape = "7",
                  .fill = Fill::scale}},
      .outputs = {{.name = "param_out", .meaning = "new parameters", .dtype = "f32", .shape = "M..., K"},
                  {.name = "m_out", .meaning = "new means of gradients", .dtype = "f32", .shape = "M..., K"},
                  {.name = "v_out", .meaning = "new means of their squares", .dtype = "f32", .shape = "M..., K"}},
      .constraints = {{"M > 0 && K > 0", "there is something to train"}},
      .left_open = "how the terms are put together, and their roundings",
      .evaluate = evaluate,
  };
}

}  // namespace plumb
