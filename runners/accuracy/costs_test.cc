#include "runners/accuracy/costs.h"

#include <gtest/gtest.h>

#include <cmath>

#include "reference/error.h"
#include "runners/accuracy/budgets.h"
#include "runners/accuracy/statistics.h"

namespace plumb::accuracy {
namespace {

TEST(Statistics, MeansErrorsAndPercentiles) {
  const std::vector<double> samples = {1, 2, 3, 4};
  const Estimate e = estimate(samples);
  EXPECT_DOUBLE_EQ(e.mean, 2.5);
  EXPECT_DOUBLE_EQ(e.error, std::sqrt(5.0 / 3 / 4));
  EXPECT_NEAR(e.high() - e.low(), 2 * 3.182446 * e.error, 1e-6);  // of four samples, not of many
  EXPECT_TRUE(std::isnan(estimate({}).mean));
  EXPECT_TRUE(std::isnan(estimate(std::vector<double>{1}).error));
  EXPECT_DOUBLE_EQ(percentile(samples, 0.5), 2.5);
  EXPECT_DOUBLE_EQ(percentile(samples, 0), 1);
  EXPECT_DOUBLE_EQ(percentile(samples, 1), 4);
}

// Quantiles as tables print them; where the sum gives way to the series the two agree.
TEST(Statistics, IntervalsOfFewSamplesAreStudents) {
  const std::pair<std::int64_t, double> table[] = {{1, 12.7062047}, {2, 4.3026527},  {3, 3.1824463},  {4, 2.7764451},
                                                   {5, 2.5705818},  {10, 2.2281389}, {30, 2.0422725}, {120, 1.9799304}};
  for (const auto& [freedom, quantile] : table) EXPECT_NEAR(student_t(freedom), quantile, 5e-8) << freedom;
  EXPECT_NEAR(student_t(200), student_t(201), 6.5e-5);
  EXPECT_GT(student_t(200), student_t(201));
  EXPECT_NEAR(student_t(std::int64_t{1} << 40), 1.959963985, 1e-9);
}

// Three words: p = (1/2, 1/4, 1/4), q = (1/4, 1/2, 1/4).
TEST(Scores, AreWhatTheirFormulasSay) {
  model::Matrix<double> p(2, 3), q(2, 3);
  p << std::log(2), 0, 0, 0, 0, 0;
  q << 5, 5 + std::log(2), 5, 0, 0, 0;  // logits may be shifted
  const std::vector<std::int32_t> tokens = {0, 1};
  const std::vector<TokenScore> scores = score(Prediction(p, tokens), q);
  ASSERT_EQ(scores.size(), 1U);
  EXPECT_NEAR(scores[0].nll, std::log(2), 1e-15);
  EXPECT_NEAR(scores[0].reference_nll, std::log(4), 1e-15);
  EXPECT_NEAR(scores[0].kl, 0.5 * std::log(2) - 0.25 * std::log(2), 1e-15);
  EXPECT_NEAR(scores[0].dp, 0.25, 1e-15);
  EXPECT_EQ(scores[0].same_top, 0);
  EXPECT_EQ(score(Prediction(p, tokens), p)[0].kl, 0);
  q(0, 0) = NAN;
  EXPECT_TRUE(std::isnan(score(Prediction(p, tokens), q)[0].kl));
}

TEST(Scores, PassagesAreCutFromTheFront) {
  const PassageQuestion question({{1, 2, 3, 4}, {5, 6}}, 4);
  EXPECT_EQ(question.tokens, (std::vector<std::int32_t>{3, 4, 5, 6}));
  EXPECT_EQ(question.positions, (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(question.word, (std::vector<std::int32_t>{5, 6}));
  model::Matrix<float> logits = model::Matrix<float>::Zero(2, 8);
  logits(0, 5) = logits(1, 6) = 1;
  EXPECT_TRUE(guesses(question, logits));
  logits(1, 7) = 2;
  EXPECT_FALSE(guesses(question, logits));
  const PassageQuestion longer({{1}, {2, 3, 4, 5}}, 3);
  EXPECT_EQ(longer.word, (std::vector<std::int32_t>{4, 5}));
}

Scores some_scores() { return {{{1, 1, 0, 0, 1}, {2, 1.5, 0.2, -0.1, 1}}, {{3, 2.5, 0.1, 0.1, 0}}}; }

TEST(Costs, SumUpScores) {
  const Cost cost = cost_of(some_scores());
  EXPECT_EQ(cost.tokens, 3);
  EXPECT_DOUBLE_EQ(cost.perplexity, std::exp(2));
  EXPECT_NEAR(cost.perplexity_error, std::exp(2) / std::sqrt(3), 1e-12);
  EXPECT_DOUBLE_EQ(cost.reference_perplexity, std::exp(5.0 / 3));
  EXPECT_NEAR(cost.increase.value, std::exp(1.0 / 3) - 1, 1e-15);
  EXPECT_LT(cost.increase.low, cost.increase.value);
  EXPECT_LT(cost.increase.value, cost.increase.high);
  EXPECT_NEAR(cost.kl, 0.1, 1e-15);
  EXPECT_NEAR(cost.kl_median, 0.1, 1e-15);
  EXPECT_EQ(cost.kl_max, 0.2);
  EXPECT_NEAR(cost.rms_dp, std::sqrt(0.02 / 3), 1e-15);
  EXPECT_NEAR(cost.same_top, 2.0 / 3, 1e-15);
  EXPECT_EQ(window_nll(some_scores()), (std::vector<double>{1.5, 3}));
  EXPECT_EQ(cost_of({}).tokens, 0);
  EXPECT_TRUE(std::isnan(cost_of({}).perplexity));
}

Record measured(double increase, double kl, double top) {
  Record record;
  record.kind = Kind::quantisation;
  record.outcome = Outcome::pass;
  record.cost.tokens = 10;
  record.cost.increase.value = increase;
  record.cost.kl = kl;
  record.cost.same_top = top;
  return record;
}

TEST(Budgets, ExceedingOneIsWrongAndNaNExceedsAll) {
  const Budgets budgets{.most_increase = 0.01, .most_kl = 0.1, .least_same_top = 0.9};
  const auto outcome = [&](Record record) {
    hold_to(budgets, record);
    return record.outcome;
  };
  EXPECT_EQ(outcome(measured(0.01, 0.1, 0.9)), Outcome::pass);
  EXPECT_EQ(outcome(measured(0.011, 0.1, 0.9)), Outcome::fail);
  EXPECT_EQ(outcome(measured(0.01, 0.11, 0.9)), Outcome::fail);
  EXPECT_EQ(outcome(measured(0.01, 0.1, 0.89)), Outcome::fail);
  EXPECT_EQ(outcome(measured(NAN, 0.1, 0.9)), Outcome::fail);
  Record implementation = measured(9, 9, 0);  // judged by what runs all in all
  implementation.kind = Kind::implementation;
  implementation.total = measured(0, 0, 1).cost;
  EXPECT_EQ(outcome(implementation), Outcome::pass);
}

accuracy::Run run_of(const std::vector<double>& nll) {
  accuracy::Run run;
  run.records.push_back(measured(0, 0, 1));
  run.records[0].scheme = "s";
  run.records[0].window_nll = nll;
  return run;
}

TEST(Baseline, IsComparedWindowByWindow) {
  accuracy::Run run = run_of({1.1, 2.1, 3.1});
  compare_with(run_of({1, 2, 3}), {}, run);
  EXPECT_NEAR(run.records[0].since_baseline.value, std::expm1(0.1), 1e-12);
  EXPECT_EQ(run.records[0].outcome, Outcome::pass);
  compare_with(run_of({1, 2, 3}), {.most_increase = 0.05}, run);
  EXPECT_EQ(run.records[0].outcome, Outcome::fail);
  accuracy::Run other = run_of({1, 2});  // as many windows as can be paired: none
  compare_with(run_of({1, 2, 3}), {}, other);
  EXPECT_TRUE(std::isnan(other.records[0].since_baseline.value));
  EXPECT_NO_THROW(check_comparable(other, 0, 0));
  EXPECT_THROW(check_comparable(other, 5, 0), Error);
  EXPECT_THROW(check_comparable(other, 0, 5), Error);
}

// A gate that cannot tell lets nothing through.
TEST(Baseline, OfOtherWindowsExceedsEveryIncrease) {
  const std::string why = "cannot be compared with the baseline, which read another number of windows";
  accuracy::Run run = run_of({1, 2});
  compare_with(run_of({1, 2, 3}), {.most_increase = 0.05}, run);
  EXPECT_EQ(run.records[0].outcome, Outcome::fail);
  EXPECT_EQ(run.records[0].reason, why);
  accuracy::Run nan = run_of({1, NAN});
  compare_with(run_of({1, 2}), {.most_increase = 0.05}, nan);
  EXPECT_EQ(nan.records[0].outcome, Outcome::fail);
  EXPECT_EQ(nan.records[0].reason.find(why), std::string::npos) << nan.records[0].reason;
  accuracy::Run skipped = run_of({});
  skipped.records[0].outcome = Outcome::skip;
  compare_with(run_of({1, 2}), {.most_increase = 0.05}, skipped);
  EXPECT_EQ(skipped.records[0].outcome, Outcome::skip);
  EXPECT_EQ(skipped.records[0].reason, "");
}

TEST(Baseline, WithoutARecordIsNoted) {
  accuracy::Run run = run_of({1, 2});
  compare_with(run_of({1, 2}), {}, run);
  EXPECT_TRUE(run.notes.empty());
  run.records.push_back(run.records[0]);
  run.records[1].kind = Kind::implementation;
  run.records[1].impl = "cpu.new";
  compare_with(run_of({1, 2}), {.most_increase = 0.05}, run);
  ASSERT_EQ(run.notes.size(), 1U);
  EXPECT_EQ(run.notes[0], "The baseline has no measurement of these, which are compared with nothing: cpu.new (s).");
  EXPECT_EQ(run.records[1].outcome, Outcome::pass);
}

}  // namespace
}  // namespace plumb::accuracy
