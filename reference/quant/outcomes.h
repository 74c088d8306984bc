// Numbers that a definition does not fix to the last bit: all values that a step of f32 arithmetic may have where sums
// may be taken in any order.
#pragma once

#include <span>

#include "reference/op.h"

namespace plumb {

/// The values from `low` to `high`, both f32 numbers (or rounded to a narrower type); one value where they are equal.
/// NaN is one value: both ends are NaN then. `anything` may be NaN or not.
class Outcomes {
 public:
  Outcomes(double value) : low_(value), high_(value) {}  // NOLINT(google-explicit-constructor): a number is one outcome
  /// Two ends in either order. If one alone is NaN, anything.
  Outcomes(double end, double other_end);
  [[nodiscard]] static Outcomes anything();

  [[nodiscard]] double low() const { return low_; }
  [[nodiscard]] double high() const { return high_; }
  [[nodiscard]] bool is_anything() const { return anything_; }
  [[nodiscard]] bool is_nan() const { return low_ != low_; }
  /// One value, NaN included.
  [[nodiscard]] bool is_certain() const { return !anything_ && (is_nan() || low_ == high_); }
  /// Those of either. NaN and numbers together are anything.
  [[nodiscard]] Outcomes or_else(const Outcomes& other) const;

 private:
  double low_, high_;
  bool anything_ = false;
};

/// Every operation rounded to f32. Rounding is monotone, and so is each operation in each operand, so that the ends of
/// a result come from ends of the operands. A divisor does not change its sign.
[[nodiscard]] Outcomes operator+(const Outcomes& a, const Outcomes& b);
[[nodiscard]] Outcomes operator-(const Outcomes& a, const Outcomes& b);
[[nodiscard]] Outcomes operator*(const Outcomes& a, const Outcomes& b);
[[nodiscard]] Outcomes operator/(const Outcomes& a, const Outcomes& b);
[[nodiscard]] Outcomes magnitude(const Outcomes& a);
/// clamp(rne(a), low, high).
[[nodiscard]] Outcomes rounded_code(const Outcomes& a, double low, double high);
/// Rounded to another type.
[[nodiscard]] Outcomes rounded_as(DType dtype, const Outcomes& a);

/// The sum of f32 terms in any order and any blocking, each partial sum rounded to f32 or left wider:
/// |sum^ - sum| <= gamma_(n-1)(2^-24) sum |terms| (Higham, Accuracy and Stability of Numerical Algorithms,
/// section 4.2). Exact where every partial sum is representable: the terms are multiples of one power of two, and the
/// sum of their magnitudes at most 2^24 of it. Anything where a partial sum may overflow although the sum does not.
[[nodiscard]] Outcomes sum_in_any_order(std::span<const Outcomes> terms);

/// Whether a < b.
enum class Verity { no, yes, either };
[[nodiscard]] Verity is_less(const Outcomes& a, const Outcomes& b);

/// Adds an element of an output to the oracle's answer: the middle of its outcomes, and the slack that reaches all. In
/// an integer output NaN and anything are left open.
void append(Expected& expected, const Outcomes& outcomes);

}  // namespace plumb
