#include "runners/vouching.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "reference/ops.h"
#include "runners/campaign.h"
#include "runners/products.h"

namespace plumb {
namespace {

using Rows = std::vector<std::vector<std::string>>;

TEST(Products, AreCounted) {
  const Case linear = parse_case("linear_q4gsw[M=3,K=96,N=17,group=32]/bounded#7");
  EXPECT_EQ(products_of_element(*linear.op, linear.signature), 96);
  EXPECT_EQ(product_count(*linear.op, linear.signature), 3 * 96 * 17);
  const Case pack = parse_case("pack_uint4[n=34]/exact#1");
  EXPECT_EQ(products_of_element(*pack.op, pack.signature), 1);
  EXPECT_EQ(product_count(*pack.op, pack.signature), 17);
}

TEST(Vouching, OrdinaryDataShowEachElement) {
  const std::string name = "linear_q4gsw[M=3,K=96,N=17,group=32]/exact#7";
  EXPECT_EQ(vouching_table({parse_case(name)}).rows,
            (Rows{{name, "x", "20 of 20"}, {name, "weights", "20 of 20"}, {name, "weight_scales", "20 of 20"}}));
}

// Of a row of activations all but one are zero: few weights matter.
TEST(Vouching, OneHotDataShowFewWeights) {
  const Rows rows = vouching_table({parse_case("linear_q4gsw[M=2,K=96,N=17,group=32]/one_hot#7")}).rows;
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[1][1], "weights");
  EXPECT_LT(std::stoi(rows[1][2]), 5) << rows[1][2];
}

TEST(Vouching, LargeCasesAndProbesAreNotLookedAt) {
  const std::string large = "linear_q4gsw[M=3,K=4096,N=4096,group=32]/bounded#7";
  EXPECT_EQ(vouching_table({parse_case(large)}).rows, (Rows{{large, "(all)", "not looked at: too large"}}));
  EXPECT_TRUE(vouching_table({parse_case("linear_q4gsw[M=3,K=96,N=17,group=32]/bounded#7+threads")}).rows.empty());
}

Record vouching(int number, const std::string& input) {
  Record record(Outcome::pass, "");
  record.op = "linear_q4gsw";
  record.case_name = "linear_q4gsw[M=1]/exact#" + std::to_string(number);
  record.vouches_for = input;
  return record;
}

TEST(Vouching, AnInputThatNoCaseVouchesForIsVacuous) {
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

// Of these no campaign can say that an input is never vouched for; another one among them should have more shapes.
TEST(Vouching, OperatorsWithTooFewCasesAreKnown) {
  std::map<std::string, std::int64_t> planned;
  for (const Case& test_case : plan_campaign(builtin_subjects(), 0)) ++planned[test_case.op->name];
  const std::set<std::string> known = {"adamw_step", "q8ta_add", "q8ta_conv2d", "q8ta_pixel_shuffle", "q8ta_relu"};
  std::set<std::string> few;
  for (const Op& op : all_ops()) {
    if (planned[op.name] < cases_needed(op)) few.insert(op.name);
  }
  EXPECT_EQ(few, known);
}

// Elements of one input all over a campaign: chance alone is not held against it.
TEST(Vouching, AnInputOfWhichTooFewElementsShowIsVacuous) {
  const std::string inputs[] = {"x", "weights", "weight_scales", "bias"};
  const auto campaign = [&](std::int64_t shown) {
    std::vector<Record> records;
    for (int i = 0; i < 200; ++i) {
      records.push_back(vouching(i, inputs[i % 4]));
      records.back().changed_input = inputs[i % 4];
      if (i % 8 == 1 && shown == 0) records.back().vouches_for = "x";  // another input vouches for the case
      records.back().elements_changed = 4;
      records.back().elements_shown = i % 4 == 1 ? shown : 4;
    }
    records.insert(records.end(), records.begin(), records.end());  // of another implementation: counted once
    return records;
  };
  EXPECT_TRUE(vacuous_inputs(campaign(2)).empty());
  std::vector<Record> few = campaign(0);
  few.erase(few.begin() + 29, few.end());
  EXPECT_TRUE(vacuous_inputs(few).empty());
  few = campaign(0);
  few.erase(few.begin() + 40, few.end());  // fewer than are needed to miss an input
  EXPECT_EQ(vacuous_inputs(few).size(), 1U);
  const std::vector<Record> vacuous = vacuous_inputs(campaign(0));
  ASSERT_EQ(vacuous.size(), 1U);
  EXPECT_EQ(vacuous[0].outcome, Outcome::vacuous);
  EXPECT_EQ(vacuous[0].reason,
            "of 200 elements of weights changed one at a time only 0 moved an output past its bound; 30 % should");
  const Rows rows = vouching_table(campaign(2)).rows;
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[1], (std::vector<std::string>{"linear_q4gsw", "weights", "100 of 200", "50 %", "30 %"}));
}

}  // namespace
}  // namespace plumb
