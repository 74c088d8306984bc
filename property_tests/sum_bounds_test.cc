// The proved bound of every operator that sums products in floating point, under attack: its terms are found by asking
// the oracle with all activations but one column zero, and added up as kernels may, in any order, blocking and
// accumulator, with products rounded or fused.
#include <gtest/gtest.h>

#include <algorithm>
#include <climits>
#include <cmath>
#include <cstdint>
#include <optional>

#include "property_tests/generate.h"
#include "reference/bound.h"
#include "reference/ops.h"
#include "runners/judge.h"
#include "runners/philox.h"

namespace plumb {
namespace {

bool sums_floats(const Op& op) { return op.arithmetic == Arithmetic::accumulated && op.products.empty(); }

std::optional<std::size_t> input_of(const Op& op, Fill fill) {
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    if (op.inputs[i].fill == fill) return i;
  }
  return std::nullopt;
}

// The terms of each output element, and what is added to their sum.
struct Terms {
  std::vector<std::vector<double>> products;
  std::vector<double> bias;
};

void fill(Tensor& tensor, double value) {
  for (std::int64_t i = 0; i < tensor.size(); ++i) tensor.set(i, value);
}

Terms terms_of(const Op& op, const Problem& problem) {
  const std::size_t x = *input_of(op, Fill::activation);
  const auto bias = input_of(op, Fill::bias);
  const std::int64_t columns = problem.inputs[x].shape().back();
  Problem blank = problem;
  fill(blank.inputs[x], 0);
  Terms terms;
  terms.bias = op.evaluate(blank)[0].value;
  terms.products.resize(terms.bias.size());
  if (bias && blank.inputs[*bias].present()) fill(blank.inputs[*bias], 0);
  for (std::int64_t k = 0; k < columns; ++k) {
    Problem one = blank;
    for (std::int64_t i = k; i < one.inputs[x].size(); i += columns) one.inputs[x].set(i, problem.inputs[x].at(i));
    const std::vector<double> value = op.evaluate(one)[0].value;
    for (std::size_t i = 0; i < value.size(); ++i) terms.products[i].push_back(value[i]);
  }
  return terms;
}

// A partial sum, and the longest chain of roundings that a term in it went through.
struct Partial {
  double value;
  std::int64_t roundings;
};

// Adds up any two partial sums at a time (`mixed`), or one term after the other.
Partial add_up(std::vector<Partial> parts, DType accumulator, bool mixed, const Random& random, std::uint64_t& draws) {
  while (parts.size() > 1) {
    const auto last = static_cast<std::int64_t>(parts.size()) - 1;
    if (mixed) std::swap(parts.back(), parts[static_cast<std::size_t>(random.integer(draws++, 0, last))]);
    const Partial taken = parts.back();
    parts.pop_back();
    Partial& other = parts[mixed ? static_cast<std::size_t>(random.integer(draws++, 0, last - 1)) : parts.size() - 1];
    other = {round_to(accumulator, other.value + taken.value), std::max(other.roundings, taken.roundings) + 1};
  }
  return parts.front();
}

// The largest error/bound of an honest kernel on the problem.
double ratio_of(const Op& op, const Problem& problem, const Terms& terms, DType accumulator, std::uint64_t seed) {
  const Random random(seed, "order");
  std::uint64_t draws = 0;
  const bool fused = random.integer(1'000'000, 0, 1) != 0, mixed = random.integer(1'000'001, 0, 1) != 0;
  const Expected expected = op.evaluate(problem)[0];
  Tensor y(dtype_of(op.outputs[0], op, problem.signature), shape_of(op.outputs[0], problem.signature));
  std::int64_t longest = 0;
  for (std::size_t i = 0; i < terms.products.size(); ++i) {
    std::vector<Partial> parts;
    for (const double product : terms.products[i]) {
      parts.push_back(fused ? Partial{product, 0} : Partial{round_to(accumulator, product), 1});
    }
    const bool late = !expected.rounded_before.empty();
    if (!late && terms.bias[i] != 0) parts.push_back({round_to(accumulator, terms.bias[i]), 1});
    Partial sum = add_up(std::move(parts), accumulator, mixed, random, draws);
    sum = {round_to(accumulator, sum.value), sum.roundings + 1};
    if (late) sum = {round_to(accumulator, round_to(y.dtype(), sum.value) + terms.bias[i]), sum.roundings + 2};
    longest = std::max(longest, sum.roundings);
    y.set(static_cast<std::int64_t>(i), sum.value);
  }
  const Contract contract{
      .accumulator = accumulator, .chain_divisor = INT_MAX, .chain_extra = static_cast<std::int32_t>(longest - 1)};
  const std::vector<double> bound = bounds(op, problem.signature, contract, expected);
  const Judgement judgement = judge(op.outputs[0], problem.signature, y, expected.value, bound, std::byte{0xFF});
  EXPECT_EQ(judgement.wrong, 0) << op.name << " in " << to_string(accumulator) << ", seed " << seed;
  return judgement.worst ? judgement.worst->ratio : 0;
}

class SumBounds : public testing::TestWithParam<std::string> {};

TEST_P(SumBounds, HoldForAnyHonestKernelAndAreNotFarFromTheWorst) {
  const Op& op = op_named(GetParam());
  const std::string length = op.size(op.length) != nullptr ? op.length : row_lengths(op).front();
  for (const DType accumulator : {DType::f32, DType::f16, DType::bf16}) {
    double worst = 0;
    std::size_t shortest = SIZE_MAX;
    int attacked = 0;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
      const std::int64_t columns = std::int64_t{4} << seed % 5;
      std::optional<Case> test_case = case_with(op, length, columns, 4, seed);
      // Terms of activations that are quantised together depend on one another (see int8_properties_test).
      if (!test_case || (op.param("dynamic") != nullptr && test_case->signature["dynamic"] != 0)) continue;
      test_case->mode = &data_mode_named(seed % 2 == 0 ? "bounded" : "spread");
      const Problem problem = make_problem(*test_case);
      const Terms terms = terms_of(op, problem);
      shortest = std::min(shortest, terms.products.front().size());
      for (std::uint64_t order = 0; order < 4; ++order) {
        worst = std::max(worst, ratio_of(op, problem, terms, accumulator, 100 * seed + order));
        ++attacked;
      }
    }
    EXPECT_GE(attacked, 12) << op.name;
    EXPECT_LE(worst, 1) << op.name << " " << to_string(accumulator);
    // Errors of random data add up to less the more there are; the claim is about short sums.
    if (shortest > 16) continue;
    EXPECT_GE(worst, 0.25) << op.name << " " << to_string(accumulator) << ": the bound is more than 4 times the worst";
  }
}

std::vector<std::string> names() {
  std::vector<std::string> found;
  for (const Op& op : all_ops()) {
    if (sums_floats(op)) found.push_back(op.name);
  }
  return found;
}

INSTANTIATE_TEST_SUITE_P(AllOperators, SumBounds, testing::ValuesIn(names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace plumb
