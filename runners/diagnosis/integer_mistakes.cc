// Activations quantised to int8 otherwise than prescribed, and integer sums in lanes of 16 bits.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reference/kernel/sum_stand_in.h"
#include "runners/diagnosis/mistake.h"

namespace plumb {
namespace {

// The code from the quotient x / scale.
using Round = double (*)(double quotient);

class OtherCodes : public SumStandIn {
 public:
  OtherCodes(Round round, bool clamps) : round_(round), clamps_(clamps) {}
  std::optional<QuantisedCode> code(double x, double scale, double zero_point) override {
    const double reciprocal = round_to(DType::f32, 1 / scale);
    const double shifted = round_(round_to(DType::f32, x * reciprocal)) + zero_point;
    const double value = clamps_ ? std::clamp(shifted, -128.0, 127.0) : shifted;
    return QuantisedCode{value, value, std::isfinite(value)};
  }

 private:
  Round round_;
  bool clamps_;
};

double nearest(double value) { return std::nearbyint(value); }
double truncated(double value) { return std::trunc(value); }
double lower(double value) { return std::floor(value); }

Mistake other_codes(std::string sentence, Round round, bool clamps) {
  return {std::move(sentence), [=](const Op& op, const Problem& problem) {
            const OtherCodes stand_in(round, clamps);
            return op.evaluate(problem);
          }};
}

// Sums of products in lanes of 16 bits, of which every `lanes`-th product goes to the same.
class NarrowSums : public SumStandIn {
 public:
  enum class Overflow { saturates, wraps };
  NarrowSums(Overflow overflow, double offset, std::int64_t run) : overflow_(overflow), offset_(offset), run_(run) {}

  // sum_k a * (w + offset), `run` products in 16 bits at a time, less offset * sum_k a.
  std::optional<Matrix> integer_sums(const Matrix& a, const Matrix& w) override {
    Matrix sums(a.rows(), w.rows());
    for (std::int64_t m = 0; m < a.rows(); ++m) {
      for (std::int64_t n = 0; n < w.rows(); ++n) sums(m, n) = sum_of(a, w, m, n);
    }
    return sums;
  }

 private:
  [[nodiscard]] double fitted(double value) const {
    if (overflow_ == Overflow::saturates) return std::clamp(value, -32768.0, 32767.0);
    return static_cast<std::int16_t>(static_cast<std::uint16_t>(static_cast<std::int64_t>(value)));
  }

  [[nodiscard]] double sum_of(const Matrix& a, const Matrix& w, std::int64_t m, std::int64_t n) const {
    double sum = 0, part = 0;
    for (std::int64_t k = 0; k < a.cols(); ++k) {
      part += a(m, k) * (w(n, k) + offset_);
      sum -= a(m, k) * offset_;
      if ((k + 1) % run_ != 0 && k + 1 < a.cols()) continue;
      sum += fitted(part);
      part = 0;
    }
    return sum;
  }

  Overflow overflow_;
  double offset_;
  std::int64_t run_;
};

Mistake narrow_sums(std::string sentence, NarrowSums::Overflow overflow, double offset, std::int64_t run) {
  return {std::move(sentence), [=](const Op& op, const Problem& problem) {
            const NarrowSums stand_in(overflow, offset, run);
            return op.evaluate(problem);
          }};
}

}  // namespace

Mistakes integer_mistakes(const Op& op, const Problem& problem) {
  Mistakes mistakes;
  const bool quantises = op.has(Fill::activation_scale);
  if (!quantises || op.arithmetic != Arithmetic::accumulated || problem.signature["activation"] != 0) return mistakes;
  mistakes.push_back(other_codes("activation truncated to int8, not rounded", truncated, true));
  mistakes.push_back(other_codes("activation rounded down to int8, not to nearest", lower, true));
  mistakes.push_back(other_codes("activation not clamped to -128 … 127", nearest, false));
  mistakes.push_back(narrow_sums("pairs of products saturate at 16 bits (weights made unsigned by adding 128)",
                                 NarrowSums::Overflow::saturates, 128, 2));
  mistakes.push_back(narrow_sums("pairs of products saturate at 16 bits", NarrowSums::Overflow::saturates, 0, 2));
  for (const std::int64_t run : {16, 32, 64, 128, 256}) {
    mistakes.push_back(narrow_sums(fmt::format("sums of {} products wrap round at 16 bits: folded too rarely", run),
                                   NarrowSums::Overflow::wraps, 0, run));
  }
  return mistakes;
}

}  // namespace plumb
