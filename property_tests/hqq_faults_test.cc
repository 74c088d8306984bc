// Half-quadratic quantisers with one thing wrong, on the data of the standard campaign: each is caught there, and the
// right one, whatever the order of its sums, is not accused.
#include <gtest/gtest.h>

#include <cmath>

#include "reference/ops.h"
#include "reference/testing/emulated_hqq.h"
#include "runners/check.h"
#include "runners/plan.h"

namespace plumb {
namespace {

using Options = EmulatedHqq::Options;

// Element i of the groups laid side by side.
std::int64_t place(const Signature& signature, std::int64_t i) {
  const std::int64_t length = signature["group"], count = signature["N"] * signature["K"] / length;
  const bool strided = signature.values.contains("axis") && signature["axis"] == 0;
  return strided ? i % length * count + i / length : i;
}

std::vector<float> grouped_values(const Problem& problem) {
  std::vector<float> values;
  for (std::int64_t i = 0; i < problem.inputs[0].size(); ++i) {
    values.push_back(static_cast<float>(problem.inputs[0].at(place(problem.signature, i))));
  }
  return values;
}

class Wrong {
 public:
  explicit Wrong(const Question& question) : question_(question) {}

  void add(std::size_t output, std::int64_t element, double got) {
    const auto at = static_cast<std::size_t>(element);
    const double want = question_.expected[output].value[at], slack = question_.expected[output].slack[at];
    if (got != want && !(std::abs(got - want) <= slack)) ++count;
  }

  std::int64_t count = 0;

 private:
  const Question& question_;
};

// How many elements of the emulated answer the oracle refuses.
std::int64_t refused(const Question& question, const Options& options) {
  const Signature& signature = question.problem.signature;
  const std::vector<float> values = grouped_values(question.problem);
  const bool with_zeros = question.op->name == "quantize_hqq";
  EmulatedHqq emulated(options);
  const EmulatedHqq::Result result =
      with_zeros ? emulated.with_zeros(values, signature["group"], signature["bits"])
                 : emulated.scale_only(values, signature["group"], signature["quant_min"], signature["quant_max"]);
  const auto stored = static_cast<DType>(signature[with_zeros ? "param" : "x"]);
  Wrong wrong(question);
  for (std::size_t i = 0; i < values.size(); ++i) {
    wrong.add(0, place(signature, static_cast<std::int64_t>(i)), result.codes[i]);
  }
  for (std::size_t g = 0; g < result.scale.size(); ++g) {
    wrong.add(1, static_cast<std::int64_t>(g), round_to(stored, result.scale[g]));
    if (!with_zeros) continue;
    const auto middle = static_cast<float>(1 << (signature["bits"] - 1));
    const float zero = signature["raw"] != 0 ? result.zero[g] : (middle - result.zero[g]) * result.scale[g];
    wrong.add(2, static_cast<std::int64_t>(g), round_to(stored, zero));
  }
  return wrong.count;
}

std::vector<Question> campaign(const char* op) {
  std::vector<Question> questions;
  for (const Case& test_case : plan_cases(op_named(op), 0)) {
    const Sizes& values = test_case.signature.values;
    const bool optimized = !values.contains("optimize") || values.at("optimize") != 0;
    if (test_case.mode->exact() && optimized) questions.push_back(ask(test_case));
  }
  return questions;
}

std::int64_t refused(const std::vector<Question>& questions, const Options& options) {
  std::int64_t count = 0;
  for (const Question& question : questions) count += refused(question, options);
  return count;
}

TEST(HqqFaults, AreCaughtByTheCampaign) {
  const std::vector<Question> questions = campaign("quantize_hqq");
  const Options wrong[] = {{.iterations = 1}, {.iterations = 4},  {.rounds_zero = false}, {.rounds_half_up = true},
                           {.growth = 1.0},   {.shrinks = false}, {.divides = true},      {.stops_early = false}};
  for (const Options& options : wrong) EXPECT_GT(refused(questions, options), 0) << &options - wrong;
}

TEST(HqqFaults, OfScalesAloneAreCaughtByTheCampaign) {
  const std::vector<Question> questions = campaign("quantize_hqq_scale_only");
  for (const Options& options : {Options{.iterations = 1}, Options{.rounds_half_up = true}}) {
    EXPECT_GT(refused(questions, options), 0);
  }
}

TEST(HqqFaults, AreNotSeenInAnyOrderOfSums) {
  for (const char* op : {"quantize_hqq", "quantize_hqq_scale_only"}) {
    const std::vector<Question> questions = campaign(op);
    for (unsigned order = 0; order < 6; ++order) EXPECT_EQ(refused(questions, {.order = order}), 0) << op << order;
  }
}

}  // namespace
}  // namespace plumb
