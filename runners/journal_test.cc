#include "runners/journal.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "golden/draft.h"
#include "reference/error.h"
#include "reference/testing/error_of.h"
#include "runners/campaign.h"
#include "runners/remainder.h"
#include "runners/version.h"

namespace plumb {
namespace {

std::vector<Unit> units_of(const std::vector<std::vector<std::string>>& names) {
  std::vector<Unit> units;
  for (const auto& cases : names) {
    units.emplace_back();
    for (const std::string& name : cases) {
      units.back().steps.push_back({"op", "impl", name, "again", [] { return Record(Outcome::pass, ""); }});
    }
  }
  return units;
}

Record record_of(const std::string& name, Outcome outcome = Outcome::pass) {
  Record record(outcome, outcome == Outcome::pass ? "" : "why");
  record.op = "op";
  record.impl = "impl";
  record.case_name = name;
  return record;
}

class JournalTest : public testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path folder() const { return temporary_ / ""; }
  golden::TemporaryFolder temporary_;
  std::filesystem::path path_ = Journal::path_in(folder());
  std::vector<Unit> units_ = units_of({{"a", "b"}, {"c"}});
  Intent intent_{"op*", "impl", describe_run(units_, "plumb run", 7), "qwen*", plan_fingerprint(units_), "code"};
};

TEST_F(JournalTest, GivesBackWhatWasWrittenToIt) {
  {
    Journal journal(folder(), intent_);
    journal.append(record_of("c"));
    journal.append(record_of("a", Outcome::crash));
  }
  Journal journal(folder(), intent_.plan, intent_.code);
  EXPECT_EQ(journal.intent().op, "op*");
  EXPECT_EQ(journal.intent().models, "qwen*");
  EXPECT_EQ(journal.intent().info.seed, 7U);
  EXPECT_EQ(journal.intent().info.planned, 3);
  ASSERT_EQ(journal.found().size(), 2U);
  EXPECT_EQ(journal.found()[1].case_name, "a");
  EXPECT_EQ(journal.found()[1].outcome, Outcome::crash);
  journal.append(record_of("b"));
  EXPECT_EQ(Journal(folder(), intent_.plan, intent_.code).found().size(), 3U);
  journal.remove();
  EXPECT_FALSE(std::filesystem::exists(path_));
  EXPECT_NE(error_of([&] { (void)Journal::read_intent(folder()); }).find("no unfinished run"), std::string::npos);
}

// A kill may come in the middle of a line, in theory: the record was not reached.
TEST_F(JournalTest, DropsALineThatWasCutOff) {
  {
    Journal journal(folder(), intent_);
    journal.append(record_of("a"));
    journal.append(record_of("b"));
  }
  const auto size = std::filesystem::file_size(path_);
  for (const std::uintmax_t cut : {1U, 5U, 40U}) {
    std::filesystem::resize_file(path_, size - cut);
    Journal journal(folder(), intent_.plan, intent_.code);
    ASSERT_EQ(journal.found().size(), 1U) << cut;
    journal.append(record_of("b"));
    ASSERT_EQ(std::filesystem::file_size(path_), size);
  }
}

TEST_F(JournalTest, RefusesAnotherPlanAndAnotherFile) {
  { const Journal journal(folder(), intent_); }
  const std::string other = plan_fingerprint(units_of({{"a", "b"}, {"d"}}));
  EXPECT_NE(error_of([&] { Journal(folder(), other, intent_.code); }).find("it was: plumb run"), std::string::npos);
  EXPECT_NE(error_of([&] { Journal(folder(), intent_.plan, "built anew"); }).find("other code"), std::string::npos);
  std::ofstream(path_, std::ios::app) << "{\"op\":1}\n";
  EXPECT_NE(error_of([&] { Journal(folder(), intent_.plan, intent_.code); }).find("line 2"), std::string::npos);
  std::ofstream(path_) << "{}\n";
  EXPECT_NE(error_of([&] { Journal(folder(), intent_.plan, intent_.code); }).find("no journal"), std::string::npos);
  std::string version = kVersion;
  intent_.info.version = version + "-other";
  { const Journal journal(folder(), intent_); }
  EXPECT_NE(error_of([&] { (void)Journal::read_intent(folder()); }).find("this is " + version), std::string::npos);
}

TEST(PlanFingerprint, DiffersWithNamesAndTheirOrder) {
  const std::string one = plan_fingerprint(units_of({{"a", "b"}, {"c"}}));
  EXPECT_EQ(plan_fingerprint(units_of({{"a", "b"}, {"c"}})), one);
  EXPECT_NE(plan_fingerprint(units_of({{"a", "c"}, {"b"}})), one);
  EXPECT_NE(plan_fingerprint(units_of({{"a", "b"}})), one);
  EXPECT_NE(plan_fingerprint(units_of({{"ab"}, {"c"}})), one);
  // The command that repeats a step names its library.
  std::vector<Unit> units = units_of({{"a", "b"}, {"c"}});
  units[1].steps[0].again = "plumb check other.so c";
  EXPECT_NE(plan_fingerprint(units), one);
}

TEST(Remainder, KeepsTheOrderOfTheSteps) {
  const std::vector<Unit> units = units_of({{"a", "b"}, {"c"}, {"d", "d"}});
  Remainder rest(units, {record_of("d", Outcome::fail), record_of("b")});
  ASSERT_EQ(rest.units().size(), 3U);
  EXPECT_EQ(rest.units()[0].steps.size(), 1U);
  EXPECT_EQ(rest.units()[2].steps.size(), 1U) << "of two steps of one name, one is left";
  const auto all = rest.completed({record_of("a"), record_of("c"), record_of("d")});
  ASSERT_EQ(all.size(), 5U);
  const std::string names[] = {"a", "b", "c", "d", "d"};
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i].case_name, names[i]);
  EXPECT_EQ(all[3].outcome, Outcome::fail);
  EXPECT_THROW(Remainder(units, {record_of("e")}), Error);
}

}  // namespace
}  // namespace plumb
