#include "reference/quant/outcomes.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "reference/bound.h"
#include "reference/quant/torch_arithmetic.h"

namespace plumb {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

template <typename Function>
Outcomes over_ends(const Outcomes& a, const Outcomes& b, const Function& function) {
  if (a.is_anything() || b.is_anything()) return Outcomes::anything();
  const TorchArithmetic f32(DType::f32);
  Outcomes result(f32.rounded(function(a.low(), b.low())));
  if (a.is_certain() && b.is_certain()) return result;
  for (const double x : {a.low(), a.high()}) {
    for (const double y : {b.low(), b.high()}) result = result.or_else(f32.rounded(function(x, y)));
  }
  return result;
}

// Exponent of the lowest bit that is set.
int lowest_bit(double value) {
  int exponent = 0;
  const auto significand = static_cast<std::uint64_t>(std::ldexp(std::frexp(std::abs(value), &exponent), 53));
  return exponent - 53 + std::countr_zero(significand);
}

struct Total {
  double low = 0, high = 0;
  double magnitude = 0;  // of the terms
  double least = kInfinity, most = -kInfinity;
  bool exact = true;  // in any order

  explicit Total(std::span<const Outcomes> terms) {
    int quantum = std::numeric_limits<int>::max();
    for (const Outcomes& term : terms) {
      low += term.low();
      high += term.high();
      magnitude += std::max(std::abs(term.low()), std::abs(term.high()));
      least = std::min(least, term.low());
      most = std::max(most, term.high());
      exact = exact && term.is_certain() && std::isfinite(term.low());
      if (exact && term.low() != 0) quantum = std::min(quantum, lowest_bit(term.low()));
    }
    // Neither rounded on the way nor beyond what f32 holds.
    exact = exact &&
            (magnitude == 0 || (magnitude <= std::ldexp(1, 24 + quantum) && magnitude <= info(DType::f32).max_finite));
  }
};

}  // namespace

Outcomes::Outcomes(double end, double other_end) : low_(std::min(end, other_end)), high_(std::max(end, other_end)) {
  const int nans = static_cast<int>(std::isnan(end)) + static_cast<int>(std::isnan(other_end));
  if (nans == 2) low_ = high_ = end;
  if (nans == 1) *this = anything();
}

Outcomes Outcomes::anything() {
  Outcomes result(-kInfinity, kInfinity);
  result.anything_ = true;
  return result;
}

Outcomes Outcomes::or_else(const Outcomes& other) const {
  if (anything_ || other.anything_ || is_nan() != other.is_nan()) return anything();
  if (is_nan()) return *this;
  return {std::min(low_, other.low_), std::max(high_, other.high_)};
}

Outcomes operator+(const Outcomes& a, const Outcomes& b) {
  return over_ends(a, b, [](double x, double y) { return x + y; });
}

Outcomes operator-(const Outcomes& a, const Outcomes& b) {
  return over_ends(a, b, [](double x, double y) { return x - y; });
}

Outcomes operator*(const Outcomes& a, const Outcomes& b) {
  return over_ends(a, b, [](double x, double y) { return x * y; });
}

Outcomes operator/(const Outcomes& a, const Outcomes& b) {
  const bool zero_among_others = !b.is_certain() && b.low() <= 0 && b.high() >= 0;
  const bool ends_differ = b.is_certain() && b.low() == 0 && !a.is_certain();  // what lies between is not between
  if (zero_among_others || ends_differ) return Outcomes::anything();
  return over_ends(a, b, [](double x, double y) { return x / y; });
}

Outcomes magnitude(const Outcomes& a) {
  if (a.is_anything() || a.is_nan()) return a;
  const double low = std::abs(a.low()), high = std::abs(a.high());
  return a.low() < 0 && a.high() > 0 ? Outcomes(0, std::max(low, high)) : Outcomes(low, high);
}

Outcomes rounded_code(const Outcomes& a, double low, double high) {
  if (a.is_anything()) return a;
  return {clamped(rne(a.low()), low, high), clamped(rne(a.high()), low, high)};
}

Outcomes rounded_as(DType dtype, const Outcomes& a) {
  const TorchArithmetic type(dtype);
  return a.is_anything() ? a : Outcomes(type.rounded(a.low()), type.rounded(a.high()));
}

Outcomes sum_in_any_order(std::span<const Outcomes> terms) {
  if (std::ranges::any_of(terms, &Outcomes::is_anything)) return Outcomes::anything();
  const Total total(terms);
  const TorchArithmetic f32(DType::f32);
  if (total.exact) return f32.rounded(total.low);
  if (!std::isfinite(total.magnitude)) return {total.low, total.high};
  const auto n = static_cast<std::int64_t>(terms.size());
  // The oracle sums in double.
  const double error = (gamma(n - 1, unit_roundoff(DType::f32)) + gamma(n, 0x1p-53)) * total.magnitude;
  const bool one_sign = total.least >= 0 || total.most <= 0;
  if (!one_sign && !(total.magnitude + error < info(DType::f32).max_finite)) return Outcomes::anything();
  return {f32.rounded(total.low - error), f32.rounded(total.high + error)};
}

Verity is_less(const Outcomes& a, const Outcomes& b) {
  if (a.is_anything() || b.is_anything()) return Verity::either;
  if (a.high() < b.low()) return Verity::yes;
  if (a.is_nan() || b.is_nan() || a.low() >= b.high()) return Verity::no;
  return Verity::either;
}

void append(Expected& expected, const Outcomes& outcomes) {
  if (outcomes.is_anything()) {
    expected.value.push_back(0);
    expected.slack.push_back(kInfinity);
  } else if (outcomes.is_certain() || std::isinf(outcomes.low()) || std::isinf(outcomes.high())) {
    expected.value.push_back(outcomes.low());
    expected.slack.push_back(outcomes.is_certain() ? 0 : kInfinity);
  } else {
    const double middle = outcomes.low() / 2 + outcomes.high() / 2;
    const double half = std::max(outcomes.high() - middle, middle - outcomes.low());
    expected.value.push_back(middle);
    expected.slack.push_back(std::nextafter(half, kInfinity));
  }
}

}  // namespace plumb
