#include "runners/sensitivity.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "reference/ops.h"
#include "runners/plan.h"

namespace plumb {
namespace {

Question question_of(const std::string& name) { return ask(parse_case(name)); }

TEST(Sensitivity, EveryInputOfAnOrdinaryCaseMatters) {
  for (const char* mode : {"exact", "bounded", "spread", "one_hot", "extremes", "tiny_scales", "not_finite"}) {
    const Case test_case = parse_case("linear_q4gsw[M=3,K=96,N=17,group=32]/" + std::string(mode) + "#7");
    const Question question = ask(test_case);
    for (const char* input : {"x", "weights", "weight_scales"}) {
      EXPECT_TRUE(depends_on(question, *test_case.mode, input)) << mode << " " << input;
    }
  }
}

// Data that could show nothing: the scales are zero, so that y is whatever the bias is.
TEST(Sensitivity, NamesWhatNothingDependsOn) {
  const Case test_case = parse_case("linear_q4gsw[M=3,K=96,N=17,group=32,bias]/bounded#7");
  Question question = ask(test_case);
  for (std::int64_t i = 0; i < question.problem.inputs[2].size(); ++i) question.problem.inputs[2].set(i, 0);
  question.expected = test_case.op->evaluate(question.problem);
  EXPECT_FALSE(depends_on(question, *test_case.mode, "x"));
  EXPECT_FALSE(depends_on(question, *test_case.mode, "weights"));
  EXPECT_TRUE(depends_on(question, *test_case.mode, "weight_scales"));
  EXPECT_TRUE(depends_on(question, *test_case.mode, "bias"));
  for (std::uint64_t turn = 0; turn < 4; ++turn) {
    const std::string input = vouch_for(question, *test_case.mode, turn).input;
    EXPECT_TRUE(input == "weight_scales" || input == "bias") << input;
  }
}

// Of a large case the first outputs are looked at first; what only the others depend on is found all the same.
TEST(Sensitivity, ALargeCaseIsLookedAtAsAWhole) {
  const Case test_case = parse_case("linear_q4gsw[M=16,K=1024,N=400,group=128]/bounded#7");
  Question question = ask(test_case);
  Tensor& scales = question.problem.inputs[2];  // [8, 400]: but for the last output there are none
  for (std::int64_t i = 0; i < scales.size(); ++i) {
    if (i % 400 != 399) scales.set(i, 0);
  }
  question.expected = test_case.op->evaluate(question.problem);
  EXPECT_TRUE(depends_on(question, *test_case.mode, "weights"));
  for (std::int64_t g = 0; g < 8; ++g) scales.set(g * 400 + 399, 0);
  question.expected = test_case.op->evaluate(question.problem);
  EXPECT_FALSE(depends_on(question, *test_case.mode, "weights"));
}

TEST(Sensitivity, ACaseInWhichNothingMattersIsVacuous) {
  plumb_impl impl{};
  impl.struct_size = sizeof impl;
  impl.op = "linear_q4gsw";
  impl.name = "zero";
  impl.contract = {PLUMB_F32, PLUMB_F64, PLUMB_F32, 1, 4, 0, 1};
  impl.run = [](const plumb_impl*, const plumb_call* call, void*) {
    auto* y = static_cast<float*>(call->outputs[0].data);
    std::fill_n(y, call->outputs[0].shape[0] * call->outputs[0].shape[1], 0.0F);
    return PLUMB_OK;
  };
  Question question = question_of("linear_q4gsw[M=3,K=96,N=17,group=32]/bounded#7");
  for (const std::size_t input : {0U, 2U}) {
    Tensor& tensor = question.problem.inputs[input];
    for (std::int64_t i = 0; i < tensor.size(); ++i) tensor.set(i, 0);
  }
  question.expected = question.op->evaluate(question.problem);
  EXPECT_EQ(judge_subject({&impl, ""}, question).outcome, Outcome::pass) << "nobody looked";
  question.vouch = vouch_for(question, data_mode_named("bounded"), 0);
  const Record record = judge_subject({&impl, ""}, question);
  EXPECT_EQ(record.outcome, Outcome::vacuous);
  EXPECT_EQ(record.reason, "no output depends on any input: whatever it read, it would pass");
}

// On exact data most single elements of every input of a linear layer show: rows that are zero in places are there to
// keep sums exact, and other rows have others.
TEST(Sensitivity, OfExactDataIsHigh) {
  const Case test_case = parse_case("linear_q4gsw[M=7,K=256,N=33,group=64,bias]/exact#3");
  const Question question = ask(test_case);
  for (const char* input : {"x", "weights", "weight_scales", "bias"}) {
    EXPECT_GE(sensitivity(question, *test_case.mode, input, 20).shown, 18) << input;
  }
}

// The oracle is asked once more for each element: only where it is quick.
TEST(Sensitivity, ElementsAreChangedWhereTheOracleIsQuick) {
  const Case small = parse_case("linear_q4gsw[M=3,K=96,N=17,group=32]/exact#7");
  const Vouch vouch = vouch_for(ask(small), *small.mode, 1);
  EXPECT_EQ(vouch.input, "weights");
  EXPECT_EQ(vouch.asked, "weights");
  EXPECT_EQ(vouch.changed, 4);
  EXPECT_EQ(vouch.shown, 4);
  const Case large = parse_case("linear_q4gsw[M=3,K=1024,N=170,group=32]/exact#7");
  const Vouch of_large = vouch_for(ask(large), *large.mode, 1);
  EXPECT_EQ(of_large.input, "weights");
  EXPECT_EQ(of_large.changed, 0);
}

TEST(Sensitivity, EveryOperatorHasInputsThatCanBeChanged) {
  for (const Op& op : all_ops()) {
    const Case test_case = plan_cases(op, 0).back();
    EXPECT_FALSE(changeable_inputs(op, make_problem(test_case)).empty()) << op.name;
  }
}

}  // namespace
}  // namespace plumb
