#include "reference/kernel/adamw_step.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/kernel/ports.h"
#include "reference/quant/outcomes.h"

namespace plumb {
namespace {

enum Input : std::size_t { kParam, kM, kV, kGrad, kFactors };

// By how much of itself a result may be off. Vulkan lets devices round sums and products to either neighbour, which is
// 2 u with u = 2^-24, and their quotients and roots be further off (SPIR-V environment, "Precision and operation of
// SPIR-V instructions"): a quotient 5 u and a root 9 u, which together leave room for the rounding of eps and of the
// other factors, to f32. And what may be lost below the normal range.
constexpr double kUnit = 0x1p-24, kOnce = 2 * kUnit, kWithFactor = 3 * kUnit, kFar = 8 * kUnit, kLost = 0x1p-126;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// All values that an expression may have, every operation of which may be off: from `low` to `high`; NaN alone where
// both are NaN; anything, NaN too, where both are infinite.
struct Interval {
  double low, high;

  explicit Interval(double value) : low(value), high(value) {}
  [[nodiscard]] static Interval anything() { return {-kInfinity, kInfinity}; }
  // Exact results at the ends of operands that are not NaN, and what an operation may give then; anything where it may
  // overflow.
  [[nodiscard]] static Interval off(std::initializer_list<double> exact, double relative) {
    const double largest = info(DType::f32).max_finite;
    if (!std::ranges::all_of(exact, [&](double end) { return std::abs(end) < largest; })) return anything();
    const auto [low, high] = std::minmax(exact);
    const double least = low - std::abs(low) * relative - kLost, most = high + std::abs(high) * relative + kLost;
    // Neither rounding nor losing what is below the normal range changes a sign.
    return {low < 0 ? least : std::max(least, 0.0), high > 0 ? most : std::min(most, 0.0)};
  }
  [[nodiscard]] Interval wider(double by) const { return {low - by, high + by}; }
  [[nodiscard]] bool is_nan() const { return std::isnan(low); }
  [[nodiscard]] double magnitude() const { return std::max(std::abs(low), std::abs(high)); }
  // Infinite: no bound can be given.
  [[nodiscard]] Outcomes outcomes() const {
    if (is_nan()) return low;
    return magnitude() <= info(DType::f32).max_finite ? Outcomes(low, high) : Outcomes::anything();
  }

 private:
  Interval(double least, double most) : low(least), high(most) {}
};

const Interval kNaN(std::numeric_limits<double>::quiet_NaN());

Interval operator+(const Interval& a, const Interval& b) {
  return a.is_nan() || b.is_nan() ? kNaN : Interval::off({a.low + b.low, a.high + b.high}, kOnce);
}
Interval operator-(const Interval& a, const Interval& b) {
  return a.is_nan() || b.is_nan() ? kNaN : Interval::off({a.low - b.high, a.high - b.low}, kOnce);
}
Interval operator*(double factor, const Interval& a) {
  return a.is_nan() || std::isnan(factor) ? kNaN : Interval::off({a.low * factor, a.high * factor}, kWithFactor);
}
// The divisor does not change its sign.
Interval operator/(const Interval& a, const Interval& b) {
  if (a.is_nan() || b.is_nan()) return kNaN;
  return Interval::off({a.low / b.low, a.low / b.high, a.high / b.low, a.high / b.high}, kFar);
}
Interval square(double value) { return std::isnan(value) ? kNaN : Interval::off({value * value}, kOnce); }
Interval root(const Interval& a) { return Interval::off({std::sqrt(a.low), std::sqrt(a.high)}, kFar); }

struct Factors {
  double lr, beta1, beta2, eps, weight_decay, bias_correction1, bias_correction2;
};

// The terms may be put together as (param - update) - decay; as param (1 - lr weight_decay) - update; or as
// param - lr (weight_decay param + quotient). With every operation off by 2 u and every factor by u, the second is off
// by 4 u of decay, 4 u of its product and 2 u of the result, the third by 8 u of decay, 5 u of update and 2 u of the
// result. The first's interval holds 6 u of decay, 3 u of update and 2 u of the result: as |product| is at most
// |param| + |decay|, 6 u of the largest term are left.
constexpr double kOtherOrders = 6 * kUnit;

Outcomes next_param(double param, const Interval& m, const Interval& v, const Factors& f) {
  const Interval mean = m / Interval(f.bias_correction1), mean_square = v / Interval(f.bias_correction2);
  if (std::isnan(param) || mean.is_nan() || mean_square.is_nan() || mean_square.high < 0) return std::nan("");
  if (!(mean_square.low >= 0)) return Outcomes::anything();
  const Interval divisor = root(mean_square) + Interval(f.eps);
  if (!(divisor.low > 0)) return Outcomes::anything();
  const Interval update = f.lr * (mean / divisor), decay = f.lr * (f.weight_decay * Interval(param));
  const Interval sum = (Interval(param) - update) - decay;
  const double largest = std::max({std::abs(param), update.magnitude(), decay.magnitude()});
  return sum.wider(kOtherOrders * largest).outcomes();
}

Answer evaluate(const Problem& problem) {
  const auto at = [&](Input input, std::int64_t i) { return problem.inputs[input].at(i); };
  const Factors f{at(kFactors, 0), at(kFactors, 1), at(kFactors, 2), at(kFactors, 3),
                  at(kFactors, 4), at(kFactors, 5), at(kFactors, 6)};
  Answer answer(3);
  for (std::int64_t i = 0; i < problem.inputs[kParam].size(); ++i) {
    const Interval grad(at(kGrad, i));
    const Interval m = f.beta1 * Interval(at(kM, i)) + (1 - f.beta1) * grad;
    const Interval v = f.beta2 * Interval(at(kV, i)) + (1 - f.beta2) * square(at(kGrad, i));
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
