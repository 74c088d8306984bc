#include "runners/campaign.h"

#include <gtest/gtest.h>

#include <set>

#include "reference/error.h"
#include "reference/ops.h"
#include "reference/sanitized.h"
#include "reports/summary.h"

namespace plumb {
namespace {

// `plumb run` is for all cases; a test that has to end soon keeps one in three. Sanitizers make a case ten times
// slower, and find what they are there for whatever the data: one in eight is enough for them. Which ones is left to a
// hash, as the plan goes through its data modes in turn.
constexpr std::uint32_t kOneIn = kSanitized ? 8 : 3;

std::vector<Case> sample(std::vector<Case> cases) {
  std::uint32_t index = 0;
  std::erase_if(cases, [&](const Case&) { return (index++ * 2654435769U >> 16) % kOneIn != 0; });
  return cases;
}

plumb::Run campaign(const std::string& op, const std::string& impl, std::uint64_t seed) {
  const auto subjects = select_subjects(builtin_subjects(), op, impl);
  const std::vector<Unit> units = campaign_units(sample(plan_with_probes(subjects, seed)), subjects);
  return run_units(units, describe_run(units, "test", seed), {.jobs = 2});
}

TEST(Campaign, EveryBuiltInImplementationIsProved) {
  const plumb::Run run = campaign("*", "*", 0);
  EXPECT_EQ(exit_code(run), 0);
  EXPECT_EQ(static_cast<std::int64_t>(run.records.size()), run.info.planned);
  std::set<std::string> impls, ops;
  for (const Record& record : run.records) {
    if (record.outcome == Outcome::pass) {
      impls.insert(record.impl);
      ops.insert(record.op);
    }
    EXPECT_TRUE(record.outcome == Outcome::pass || record.outcome == Outcome::skip)
        << record.impl << " " << record.case_name << ": " << record.reason;
  }
  EXPECT_EQ(ops.size(), all_ops().size()) << "the sample has no case of some operator";
  EXPECT_TRUE(impls.contains("cpu.scalar"));
  EXPECT_GE(impls.size(), 2U) << "only the scalar target ran";
}

TEST(Campaign, IsTheSameForTheSameSeed) {
  const plumb::Run a = campaign("pack_uint4", "cpu.scalar", 3), b = campaign("pack_uint4", "cpu.scalar", 3);
  ASSERT_EQ(a.records.size(), b.records.size());
  for (std::size_t i = 0; i < a.records.size(); ++i) EXPECT_EQ(a.records[i].case_name, b.records[i].case_name);
}

TEST(Campaign, PatternsThatMatchNothingNameWhatIsNear) {
  const auto all = builtin_subjects();
  const auto error_of = [&](const char* op, const char* impl) -> std::string {
    try {
      (void)select_subjects(all, op, impl);
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_NE(error_of("linear_q4gs", "*").find("nearest: linear_q4gsw"), std::string::npos);
  EXPECT_NE(error_of("*", "cpu.skalar").find("nearest: cpu.scalar"), std::string::npos);
}

// An implementation that accumulates in f16 gets exact data that fit 11 bits, and not those that need 24.
TEST(Campaign, GivesNarrowAccumulatorsDataThatAreExactForThem) {
  plumb_impl impl{};
  impl.struct_size = sizeof impl;
  impl.op = "linear_q4gsw";
  impl.name = "narrow";
  impl.contract = {PLUMB_F16, PLUMB_F16, PLUMB_F16, 1, 4, 0, 1};
  const std::vector<Subject> subjects = {{&impl, ""}};
  std::set<std::string_view> planned, asked;
  const std::vector<Case> cases = plan_campaign(subjects, 0);
  for (const Case& test_case : cases) planned.insert(test_case.mode->name);
  EXPECT_TRUE(planned.contains("exact11"));
  EXPECT_FALSE(planned.contains("exact8"));
  const std::vector<Unit> units = campaign_units(cases, subjects);
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (!units[i].steps.empty()) asked.insert(cases[i].mode->name);
  }
  EXPECT_EQ(asked,
            (std::set<std::string_view>{"exact11", "bounded", "spread", "one_hot", "tiny_scales", "not_finite"}));
}

TEST(Campaign, AnUnavailableImplementationIsSkippedWithItsReason) {
  plumb_impl impl{};
  impl.op = "pack_uint4";
  impl.name = "absent";
  impl.unavailable = "this CPU lacks AMX";
  const std::vector<Subject> subjects = {{&impl, ""}};
  const std::vector<Unit> units = campaign_units({parse_case("pack_uint4[n=2]/exact#0")}, subjects);
  const plumb::Run run = run_units(units, describe_run(units, "", 0), {.jobs = 1});
  EXPECT_EQ(run.records.at(0).outcome, Outcome::skip);
  EXPECT_EQ(run.records.at(0).reason, "this CPU lacks AMX");
  EXPECT_EQ(exit_code(run), 2) << "nothing proved is not success";
}

}  // namespace
}  // namespace plumb
