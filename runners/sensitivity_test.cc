#include "runners/sensitivity.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "reference/ops.h"
#include "runners/campaign.h"
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
    const std::string input = vouched_input(question, *test_case.mode, turn);
    EXPECT_TRUE(input == "weight_scales" || input == "bias") << input;
  }
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
  question.vouches_for = vouched_input(question, data_mode_named("bounded"), 0);
  const Record record = judge_subject({&impl, ""}, question);
  EXPECT_EQ(record.outcome, Outcome::vacuous);
  EXPECT_EQ(record.reason, "no output depends on any input: whatever it read, it would pass");
}

Record vouching(int number, const std::string& input) {
  Record record(Outcome::pass, "");
  record.op = "linear_q4gsw";
  record.case_name = "linear_q4gsw[M=1]/exact#" + std::to_string(number);
  record.vouches_for = input;
  return record;
}

TEST(Sensitivity, AnInputThatNoCaseVouchesForIsVacuous) {
  const std::string inputs[] = {"x", "weights", "weight_scales"};
  std::vector<Record> records;
  for (int i = 0; i < 200; ++i) records.push_back(vouching(i, inputs[i % 3]));
  std::vector<Record> vacuous = vacuous_inputs(records);
  ASSERT_EQ(vacuous.size(), 1U);
  EXPECT_EQ(vacuous[0].outcome, Outcome::vacuous);
  EXPECT_EQ(vacuous[0].op, "linear_q4gsw");
  EXPECT_EQ(vacuous[0].reason, "nothing depends on bias in any of 200 cases: a fault in how it is read would not show");
  records.push_back(vouching(200, "bias"));
  EXPECT_TRUE(vacuous_inputs(records).empty());
  for (int i = 0; i < 30; ++i) records.push_back(vouching(300 + i, ""));
  vacuous = vacuous_inputs(records);
  ASSERT_EQ(vacuous.size(), 1U);
  EXPECT_EQ(vacuous[0].reason, "in 30 of 231 cases nothing depends on any input");
  records.erase(records.begin() + 20, records.end());
  EXPECT_TRUE(vacuous_inputs(records).empty()) << "few cases accuse no input";
  for (int i = 0; i < 3; ++i) records.push_back(vouching(400 + i, ""));
  vacuous = vacuous_inputs(records);
  ASSERT_EQ(vacuous.size(), 1U) << "but silence is silence";
  EXPECT_EQ(vacuous[0].reason, "in 3 of 23 cases nothing depends on any input");
  records.erase(records.begin(), records.begin() + 15);
  EXPECT_TRUE(vacuous_inputs(records).empty()) << "of eight cases three say nothing yet";
}

// On exact data most single elements of every input of a linear layer show: rows that are zero in places are there to
// keep sums exact, and other rows have others.
TEST(Sensitivity, OfExactDataIsHigh) {
  const Case test_case = parse_case("linear_q4gsw[M=7,K=256,N=33,group=64,bias]/exact#3");
  const Question question = ask(test_case);
  for (const char* input : {"x", "weights", "weight_scales", "bias"}) {
    EXPECT_GE(sensitivity(question, *test_case.mode, input, 20), 0.9) << input;
  }
}

// Of these no campaign can say that an input is never vouched for; another one among them should have more shapes.
TEST(Sensitivity, OperatorsWithTooFewCasesAreKnown) {
  std::map<std::string, std::int64_t> planned;
  for (const Case& test_case : plan_campaign(builtin_subjects(), 0)) ++planned[test_case.op->name];
  const std::set<std::string> known = {"adamw_step", "q8ta_add", "q8ta_conv2d", "q8ta_pixel_shuffle", "q8ta_relu"};
  std::set<std::string> few;
  for (const Op& op : all_ops()) {
    if (planned[op.name] < cases_needed(op)) few.insert(op.name);
  }
  EXPECT_EQ(few, known);
}

TEST(Sensitivity, EveryOperatorHasInputsThatCanBeChanged) {
  for (const Op& op : all_ops()) {
    const Case test_case = plan_cases(op, 0).back();
    EXPECT_FALSE(changeable_inputs(op, make_problem(test_case)).empty()) << op.name;
  }
}

}  // namespace
}  // namespace plumb
