// Linear layers with an activation of eight bits: the proved bound under attack, and activations that may be rounded
// either way.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "property_tests/answer.h"
#include "property_tests/faults/kernels.h"
#include "property_tests/generate.h"
#include "reference/alternatives.h"
#include "reference/bound.h"
#include "reference/layout/layouts.h"
#include "reference/ops.h"
#include "reference/quant/quantised_code.h"
#include "runners/check.h"
#include "runners/judge.h"
#include "runners/philox.h"

namespace plumb {
namespace {

enum Input : std::size_t { kX, kInputScales, kInputZp, kWeights, kWeightSums, kWeightScales, kBias };

const Op& grouped() { return op_named("linear_dq8ca_q4gsw"); }

// How a kernel may scale and sum up the exact sums of groups.
struct Manner {
  DType accumulator;
  enum class Scaling { weight_first, row_first, both_at_once, row_last } scaling;
  bool fused;
  bool flushes;
  std::uint64_t order;

  [[nodiscard]] double flushed(double value) const {
    return flushes && std::abs(value) < min_normal(accumulator) ? 0 : value;
  }
  [[nodiscard]] double rounded(double value) const { return flushed(round_to(accumulator, value)); }
};

Manner draw_manner() {
  using Scaling = Manner::Scaling;
  return {*rc::gen::element(DType::f32, DType::f16, DType::bf16),
          *rc::gen::element(Scaling::weight_first, Scaling::row_first, Scaling::both_at_once, Scaling::row_last),
          *rc::gen::arbitrary<bool>(), *rc::gen::arbitrary<bool>(), *rc::gen::arbitrary<std::uint64_t>()};
}

// One problem's exact sums, made independently of the oracle.
class Sums {
 public:
  explicit Sums(const Problem& problem)
      : problem_(problem),
        columns_(problem.signature["K"]),
        outputs_(problem.signature["N"]),
        group_(problem.signature["group"]),
        codes_(unpack(layout_named("et_vk.q4gsw"), extent_of(problem.signature), problem.inputs[kWeights].codes())) {}

  [[nodiscard]] double operator()(std::int64_t m, std::int64_t g, std::int64_t n) const {
    const double scale = problem_.inputs[kInputScales].at(m), zp = problem_.inputs[kInputZp].at(m);
    double sum = 0;
    for (std::int64_t k = g * group_; k < (g + 1) * group_; ++k) {
      const double q = quantised_code(problem_.inputs[kX].at(m * columns_ + k), scale, zp).value;
      sum += (q - zp) * codes_[static_cast<std::size_t>(n * columns_ + k)];
    }
    return sum;
  }

  [[nodiscard]] double emulated(std::int64_t m, std::int64_t n, const Manner& manner) const {
    using Scaling = Manner::Scaling;
    const auto r = [&](double value) { return manner.rounded(value); };
    const double row = manner.flushed(problem_.inputs[kInputScales].at(m));
    double total = 0;
    for (const std::int64_t g : order(manner.order)) {
      const double w = manner.flushed(problem_.inputs[kWeightScales].at(g * outputs_ + n)), s = r((*this)(m, g, n));
      double first = s, second = w;
      if (manner.scaling == Scaling::weight_first) first = r(s * w), second = row;
      if (manner.scaling == Scaling::row_first) first = r(s * row);
      if (manner.scaling == Scaling::both_at_once) second = r(w * row);
      total = manner.fused ? r(first * second + total) : r(r(first * second) + total);
    }
    if (manner.scaling == Scaling::row_last) total = r(total * row);
    const Tensor& bias = problem_.inputs[kBias];
    return bias.present() ? r(total + bias.at(n)) : total;
  }

 private:
  [[nodiscard]] std::vector<std::int64_t> order(std::uint64_t seed) const {
    std::vector<std::int64_t> groups(static_cast<std::size_t>(columns_ / group_));
    std::iota(groups.begin(), groups.end(), 0);
    const Random random(seed, "order of groups");
    std::ranges::sort(groups, {}, [&](std::int64_t g) { return random.bits(static_cast<std::uint64_t>(g)); });
    return groups;
  }

  const Problem& problem_;
  std::int64_t columns_, outputs_, group_;
  std::vector<int> codes_;
};

void set_exponents(Tensor& tensor, int low, int width, std::uint64_t seed) {
  const Random random(seed, "exponents");
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    const auto at = static_cast<std::uint64_t>(i);
    const int exponent = low + static_cast<int>(random.integer(at, 0, width));
    tensor.set(i, std::ldexp(random.uniform(at, 1, 1, 1), exponent) * (random.integer(at, 0, 3, 2) == 0 ? -1 : 1));
  }
}

RC_GTEST_PROP(Int8Properties, NoOrderOfScalingAndSummingBreaksTheBound, ()) {
  Case test_case = *arbitrary_case(grouped());
  test_case.signature.values["activation"] = 0;
  test_case.mode = &data_mode_named("bounded");
  Problem problem = make_problem(test_case);
  const bool narrow = problem.inputs[kWeightScales].dtype() == DType::f16;
  const int low = *rc::gen::inRange(narrow ? -24 : -149, narrow ? 8 : 60);
  set_exponents(problem.inputs[kWeightScales], low, 6, test_case.seed);
  const Sums sums(problem);
  const Manner manner = draw_manner();
  const Contract contract{.accumulator = manner.accumulator, .flushes_subnormals = manner.flushes};
  const Expected expected = grouped().evaluate(problem)[0];
  const std::vector<double> bound = bounds(grouped(), problem.signature, contract, expected);
  const DType out = problem.inputs[kX].dtype();
  const std::int64_t outputs = problem.signature["N"];
  for (std::size_t i = 0; i < bound.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    double got = round_to(out, sums.emulated(at / outputs, at % outputs, manner));
    if (manner.flushes && std::abs(got) < min_normal(out)) got = 0;
    RC_ASSERT(std::isinf(bound[i]) || acceptable(got, expected.value[i], bound[i], out));
  }
}

// Two ties in every row: x[m, k] = scale (integer + 1/2) at k = 1 and k = K - 1.
Problem with_ties() {
  Problem problem = make_problem(parse_case("linear_dq8ca_q4gsw[M=6,K=24,N=9,group=8,bias]/exact#3"));
  const std::int64_t columns = problem.signature["K"];
  for (std::int64_t m = 0; m < problem.signature["M"]; ++m) {
    problem.inputs[kInputZp].set(m, static_cast<double>(m) - 3);
    for (const std::int64_t k : {std::int64_t{1}, columns - 1}) {
      problem.inputs[kX].set(m * columns + k, problem.inputs[kInputScales].at(m) * (static_cast<double>(m - k) + 0.5));
    }
  }
  return problem;
}

Outcome outcome_of(const Subject& subject) {
  Question question{&grouped(), with_ties(), {}, true};
  question.expected = grouped().evaluate(question.problem);
  return judge_subject(subject, question).outcome;
}

Outcome outcome_of(faults::Mutation mutation) {
  const Builtin builtin("ties", "", faults::linear_dq8ca_q4gsw(mutation));
  return outcome_of(Subject{builtin.abi(), ""});
}

TEST(Int8Properties, ActivationsAtTiesMayBeRoundedEitherWay) {
  EXPECT_EQ(outcome_of(faults::Mutation::none), Outcome::pass);
  EXPECT_EQ(outcome_of(faults::Mutation::ties_away), Outcome::pass);
  for (const Subject& subject : runnable(grouped().name)) {
    EXPECT_EQ(outcome_of(subject), Outcome::pass) << subject.impl->name;
  }
}

TEST(Int8Properties, NothingBetweenTheTwoOutcomesIsRight) {
  EXPECT_EQ(outcome_of(faults::Mutation::ties_kept), Outcome::fail);
}

}  // namespace
}  // namespace plumb
