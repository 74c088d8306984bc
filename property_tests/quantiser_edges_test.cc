// What quantisers stumble over, edge by edge: every operator that takes values to be quantised, on every implementation
// that can run here, with whole tensors of each edge.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "property_tests/answer.h"
#include "property_tests/generate.h"
#include "reference/ops.h"
#include "reference/sanitized.h"

namespace plumb {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Edge {
  const char* name;
  bool finite;
  double (*value)(std::int64_t i, const DTypeInfo& type);
};

double small(std::int64_t i) { return static_cast<double>(i * 37 % 64 - 31) / 128; }

constexpr Edge kEdges[] = {
    // Halves of a scale of 1 in any range of codes up to 16, and the largest values that make it.
    {"ties", true,
     [](std::int64_t i, const DTypeInfo&) { return i % 8 == 0 ? 7.5 : static_cast<double>(i % 16) - 7.5; }},
    {"zeros", true, [](std::int64_t, const DTypeInfo&) { return 0.0; }},
    {"negative_zeros", true, [](std::int64_t, const DTypeInfo&) { return -0.0; }},
    {"zeros_of_both_signs", true, [](std::int64_t i, const DTypeInfo&) { return i % 2 == 0 ? -0.0 : 0.0; }},
    {"one_huge_outlier", true,
     [](std::int64_t i, const DTypeInfo& type) { return i == 3 ? type.max_finite / 4 : small(i); }},
    {"equal_values", true, [](std::int64_t, const DTypeInfo&) { return 0.625; }},
    {"equal_negative_values", true, [](std::int64_t, const DTypeInfo&) { return -0.625; }},
    {"subnormals", true,
     [](std::int64_t i, const DTypeInfo& type) {
       return std::ldexp(static_cast<double>(i % 15 - 7), type.min_exponent - type.precision_bits + 1);
     }},
    {"largest_of_both_signs", true,
     [](std::int64_t i, const DTypeInfo& type) { return i % 2 == 0 ? type.max_finite : -type.max_finite; }},
    {"nan", false, [](std::int64_t i, const DTypeInfo&) { return i % 8 == 5 ? std::nan("") : small(i); }},
    {"infinity", false, [](std::int64_t i, const DTypeInfo&) { return i % 8 == 5 ? kInfinity : small(i); }},
    {"negative_infinity", false, [](std::int64_t i, const DTypeInfo&) { return i % 8 == 5 ? -kInfinity : small(i); }},
};

// Where upstream's answer to NaN and infinities is recorded and is a number of the type: those are judged. Elsewhere
// the definitions leave codes of NaN open, as the conversion of NaN to an integer is.
const std::set<std::string_view> kJudgesNonFinite = {"choose_qparams_affine", "choose_qparams_tinygemm"};

// Where the range of a row, its scale or the scale's reciprocal is beyond f32, so that nothing is defined.
const std::set<std::pair<std::string_view, std::string_view>> kUndefined = {
    {"dyn_quant_matmul_4bit", "largest_of_both_signs"}, {"dyn_quant_matmul_4bit", "subnormals"}};

// How GoogleTest names one.
void PrintTo(const Edge& edge, std::ostream* out) { *out << edge.name; }

// The place of the input that holds values to be quantised; nothing if there is none.
std::optional<std::size_t> values_of(const Op& op) {
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    const bool on_the_fly = op.inputs[i].fill == Fill::activation && op.arithmetic == Arithmetic::prescribed;
    if (op.inputs[i].fill == Fill::weight || on_the_fly) return i;
  }
  return std::nullopt;
}

std::optional<Question> question_of(const Op& op, const Edge& edge, std::uint64_t seed) {
  const std::optional<Case> test_case = case_with(op, row_lengths(op).front(), 64, 3, seed);
  if (!test_case) return std::nullopt;
  Question question{&op, make_problem(*test_case), {}, op.arithmetic == Arithmetic::prescribed, {}, true};
  Tensor& values = question.problem.inputs[*values_of(op)];
  for (std::int64_t i = 0; i < values.size(); ++i) values.set(i, edge.value(i, info(values.dtype())));
  question.expected = op.evaluate(question.problem);
  return question;
}

using Parameter = std::tuple<std::string, Edge>;
class QuantiserEdges : public testing::TestWithParam<Parameter> {};

TEST_P(QuantiserEdges, GiveTheOraclesAnswer) {
  const auto& [name, edge] = GetParam();
  const Op& op = op_named(name);
  const std::vector<Subject> subjects = runnable(op.name);
  int tried = 0;
  std::int64_t judged = 0;
  // Seeds choose types and sizes; sanitizers take six times as long over each.
  const std::uint64_t seeds = kSanitized ? 2 : 6;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    const std::optional<Question> question = question_of(op, edge, seed);
    if (!question) continue;
    ++tried;
    for (const Subject& subject : subjects) {
      const Record record = judge_subject(subject, *question);
      judged += record.elements - record.unjudged;
      const bool all_open = record.outcome == Outcome::vacuous && record.unjudged == record.elements;
      const bool may_be_open = !edge.finite || !op.left_open.empty();
      EXPECT_TRUE(record.outcome == Outcome::pass || record.outcome == Outcome::skip || (all_open && may_be_open))
          << subject.impl->name << ", seed " << seed << ": " << to_string(record.outcome) << ", " << record.reason;
    }
  }
  EXPECT_GE(tried, 1);
  if (edge.finite || kJudgesNonFinite.contains(op.name)) {
    EXPECT_EQ(judged > 0, !kUndefined.contains({op.name, edge.name}));
  }
}

std::vector<std::string> quantisers() {
  std::vector<std::string> names;
  for (const Op& op : all_ops()) {
    if (values_of(op)) names.push_back(op.name);
  }
  return names;
}

INSTANTIATE_TEST_SUITE_P(AllQuantisers, QuantiserEdges,
                         testing::Combine(testing::ValuesIn(quantisers()), testing::ValuesIn(kEdges)),
                         [](const auto& info) { return std::get<0>(info.param) + "_" + std::get<1>(info.param).name; });

}  // namespace
}  // namespace plumb
