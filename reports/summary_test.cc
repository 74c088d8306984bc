#include "reports/summary.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "reports/testing/synthetic_run.h"

namespace plumb {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Record with_ratio(double ratio) {
  Record record = passing_record("op", "impl", 0);
  record.worst->ratio = ratio;
  return record;
}

std::optional<double> worst_of(const std::vector<double>& ratios) {
  plumb::Run run;
  for (const double ratio : ratios) run.records.push_back(with_ratio(ratio));
  return summarize(run).totals.worst_ratio;
}

TEST(Summary, CountsEachCellInOrderOfAppearance) {
  plumb::Run run;
  run.records = {passing_record("pack", "cpu.b", 0), failing_record("linear", "cpu.a", 0),
                 passing_record("pack", "cpu.a", 0), passing_record("pack", "cpu.b", 1),
                 bare_record(Outcome::skip, "pack", "cpu.b", "no AVX2")};
  const Summary summary = summarize(run);
  EXPECT_EQ(summary.ops, (std::vector<std::string>{"pack", "linear"}));
  EXPECT_EQ(summary.impls, (std::vector<std::string>{"cpu.b", "cpu.a"}));
  EXPECT_EQ(summary.cell(0, 0).counts[Outcome::pass], 2);
  EXPECT_EQ(summary.cell(0, 0).counts[Outcome::skip], 1);
  EXPECT_EQ(summary.cell(0, 0).counts.cases(), 3);
  EXPECT_EQ(summary.cell(1, 0).counts.cases(), 0);
  EXPECT_FALSE(summary.cell(1, 0).worst_ratio.has_value());
  EXPECT_EQ(summary.cell(1, 1).counts.wrong(), 1);
  EXPECT_EQ(summary.cell(1, 1).worst_ratio, 2048);
  EXPECT_DOUBLE_EQ(summary.totals.milliseconds, 2.5);
  EXPECT_EQ(summary.totals.counts.cases(), 5);
}

TEST(Summary, WorstRatioKeepsInfinityAndNan) {
  EXPECT_EQ(worst_of({}), std::nullopt);
  EXPECT_EQ(worst_of({0.1, 0.4, 0.2}), 0.4);
  EXPECT_EQ(worst_of({0.1, kInfinity, 0.2}), kInfinity);
  for (const auto& ratios :
       {std::vector{std::nan(""), 0.5, kInfinity}, {0.5, std::nan("")}, {0.5, std::nan(""), 2048.0}})
    EXPECT_TRUE(std::isnan(worst_of(ratios).value()));
}

TEST(Summary, CountsSkipReasons) {
  plumb::Run run;
  for (const char* reason : {"no device", "no AVX2", "no device"})
    run.records.push_back(bare_record(Outcome::skip, "op", "impl", reason));
  run.records.push_back(bare_record(Outcome::crash, "op", "impl", "no device"));
  const Summary summary = summarize(run);
  ASSERT_EQ(summary.skip_reasons.size(), 2u);
  EXPECT_EQ(summary.skip_reasons[0].reason, "no device");
  EXPECT_EQ(summary.skip_reasons[0].count, 2);
  EXPECT_EQ(summary.skip_reasons[1].count, 1);
}

int code_of(std::vector<Outcome> outcomes, std::int64_t planned = 0, bool interrupted = false) {
  plumb::Run run;
  for (const Outcome outcome : outcomes) run.records.push_back(bare_record(outcome, "op", "impl", "because"));
  run.info.planned = planned;
  run.info.interrupted = interrupted;
  return exit_code(run);
}

TEST(ExitCode, ProvedOnlyIfSomethingPassedAndNothingSpeaksAgainstIt) {
  EXPECT_EQ(code_of({Outcome::pass}), 0);
  EXPECT_EQ(code_of({Outcome::pass, Outcome::skip, Outcome::xfail}, 3), 0);
}

TEST(ExitCode, AnyMisbehaviourIsOneWhateverElseHappened) {
  for (const Outcome outcome : {Outcome::fail, Outcome::crash, Outcome::hang, Outcome::flaky}) {
    EXPECT_EQ(code_of({Outcome::pass, outcome}), 1);
    EXPECT_EQ(code_of({outcome, Outcome::vacuous}, 100, true), 1);
  }
}

TEST(ExitCode, AbsenceOfProofIsTwo) {
  EXPECT_EQ(code_of({}), 2);
  EXPECT_EQ(code_of({Outcome::skip, Outcome::skip}), 2);
  EXPECT_EQ(code_of({Outcome::xfail}), 2);
  EXPECT_EQ(code_of({Outcome::pass, Outcome::vacuous}), 2);
  EXPECT_EQ(code_of({Outcome::pass}, 2), 2);
  EXPECT_EQ(code_of({Outcome::pass}, 1, true), 2);
}

std::string headline_of(const Run& run) { return headline(summarize(run)); }

TEST(Headline, SaysWhatTheExitCodeMeans) {
  plumb::Run run = proved_run(1234);
  EXPECT_EQ(headline_of(run), "1,234 cases proved, 0 wrong");
  run.info.planned = 2000;
  EXPECT_EQ(headline_of(run), "1,234 cases proved, 0 wrong, but the run stopped at 1,234 of 2,000");
  run.records.push_back(bare_record(Outcome::vacuous, "op", "impl", "flat data"));
  EXPECT_EQ(headline_of(run), "1 of 1,235 cases vacuous: their data prove nothing");
  run.records.push_back(bare_record(Outcome::hang, "op", "impl", "10 s"));
  EXPECT_EQ(headline_of(run), "1 of 1,236 cases wrong");
  EXPECT_EQ(headline_of(plumb::Run{}), "Nothing proved: 0 cases, none passed");
}

TEST(Headline, NeverClaimsProofWithoutExitCodeZero) {
  for (const Outcome outcome : all_outcomes()) {
    plumb::Run run;
    run.records = {bare_record(outcome, "op", "impl", "because")};
    const bool claims = headline_of(run) == "1 case proved, 0 wrong";
    EXPECT_EQ(claims, exit_code(run) == 0) << to_string(outcome);
  }
}

}  // namespace
}  // namespace plumb
