// Reported bugs, rebuilt, before the harness: what `plumb faults` says of them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "property_tests/faults/rebuilt/rebuilt.h"
#include "property_tests/faults/report.h"
#include "reference/sanitized.h"
#include "reports/summary.h"

namespace plumb::faults {
namespace {

// Sanitizers slow everything down.
constexpr const char* kIds = kSanitized ? "S01,P01,M01,C04,pack_uint4/*" : "*";

// The campaign is run once for all that is said of it.
struct Run {
  std::vector<Entry> entries = catalogue(kIds);
  Scores scores = score(entries, 2);
};
const Run& the_run() {
  static const Run run;
  return run;
}

void are_caught_by_the_probe_that_is_expected() {
  for (const Score& score : the_run().scores.faults) {
    const Entry& entry = *score.entry;
    if (!score.was_judged()) {
      EXPECT_EQ(entry.place, "shader") << entry.id << " was never judged";  // there may be no device
      continue;
    }
    EXPECT_TRUE(score.caught() || !entry.missed_because.empty()) << entry.id << ": " << entry.mechanism;
    if (!score.caught() || entry.probe.empty()) continue;
    EXPECT_EQ(score.probe, entry.probe) << entry.id << ": " << score.seen.case_name;
  }
}

void are_named() {
  for (const Score& score : the_run().scores.faults) {
    if (!score.was_judged() || score.entry->diagnosis.empty()) continue;
    EXPECT_TRUE(score.named) << score.entry->id << ": expected '" << score.entry->diagnosis << "', got '"
                             << score.seen.diagnosis << "' and '" << score.seen.reason << "'";
  }
}

void do_not_taint_the_right_kernels() {
  EXPECT_GT(the_run().scores.right.judged, 0);
  for (const Record& record : the_run().scores.right.wrong) ADD_FAILURE() << record.case_name << ": " << record.reason;
}

// Peers' usual check lets most of them through, or else there would be no need of another.
void pass_peers_more_often_than_not() {
  if (kSanitized) return;  // of a part it need not be true
  std::int64_t judged = 0, seen = 0;
  for (const Score& score : the_run().scores.faults) {
    if (!score.entry->is_reported()) continue;
    judged += score.was_judged() ? 1 : 0;
    seen += score.friendly[0] ? 1 : 0;
  }
  EXPECT_LT(2 * seen, judged);
}

TEST(RebuiltFaults, AreDescribedOnceAndFully) {
  std::set<std::string> ids;
  for (const Rebuilt& fault : rebuilt_faults()) {
    EXPECT_TRUE(ids.insert(fault.id).second) << fault.id;
    EXPECT_TRUE(std::string_view(fault.link).starts_with("https://github.com/")) << fault.id;
    for (const char* text : {fault.op, fault.place, fault.mechanism, fault.probe}) EXPECT_NE(*text, '\0') << fault.id;
    // What no verdict can name: what a race leaves behind is a pattern of nothing.
    EXPECT_EQ(*fault.diagnosis == '\0', *fault.may_be_missed != '\0') << fault.id;
  }
  EXPECT_GE(ids.size(), 40U);
  for (const NotRebuilt& record : not_rebuilt()) {
    EXPECT_FALSE(ids.contains(record.id));
    EXPECT_NE(*record.reason, '\0') << record.id;
  }
}

// A race that a run does not show is told of, and fails nothing.
TEST(RebuiltFaults, MayBeMissedWhereTheTableSaysWhy) {
  const std::vector<Entry> entries = catalogue("C05,C04");
  ASSERT_EQ(entries.size(), 2U);
  for (const Entry& entry : entries) {
    Scores missed;
    missed.faults.push_back({.entry = &entry, .judged = 7});
    missed.right.judged = 7;
    const bool may = entry.id == "C05";
    EXPECT_EQ(exit_code(run_of(missed, "")), may ? 0 : 1) << entry.id;
    EXPECT_EQ(fault_table(missed).rows[0][4], may ? "NOT CAUGHT: a race need not show in every run" : "NOT CAUGHT");
  }
}

TEST(RebuiltFaults, AreFoundByTheirIds) {
  EXPECT_EQ(catalogue("S01").size(), 1U);
  EXPECT_EQ(catalogue("S01*").size(), 2U);
  EXPECT_THROW((void)catalogue("nothing"), std::exception);
}

// The report: a caught fault is no failure, one that is not is.
void are_reported_as_what_they_are() {
  const plumb::Run run = run_of(the_run().scores, "plumb faults");
  const bool every_one = std::ranges::all_of(the_run().scores.faults, [](const Score& score) {
    return !score.was_judged() || score.caught() || !score.entry->missed_because.empty();
  });
  EXPECT_EQ(exit_code(run), every_one ? 0 : 1);
  EXPECT_EQ(run.tables.size(), 2U);
  EXPECT_EQ(run.tables[1].rows.size(), the_run().entries.size());
  Scores missed;
  missed.faults.push_back({.entry = &the_run().entries[0], .judged = 7});
  EXPECT_EQ(exit_code(run_of(missed, "")), 1);
  EXPECT_NE(fault_table(missed).rows[0][4].find("NOT CAUGHT"), std::string::npos);
}

// What the run would have been had every fault that may be missed been seen by all, or by nobody.
Scores with_chance(bool seen) {
  Scores scores = the_run().scores;
  for (Score& score : scores.faults) {
    if (score.entry->missed_because.empty()) continue;
    score.probe = seen ? "chance" : "";
    score.friendly.fill(seen);
    score.own.fill(seen);
  }
  return scores;
}

// The README's table is that of a run, word for word, but for what is left to chance.
void are_counted_in_the_readme() {
  const auto was_judged = [](const Score& score) { return score.was_judged(); };
  if (kSanitized || !std::ranges::all_of(the_run().scores.faults, was_judged)) {
    GTEST_SKIP() << "all was tested but the README's numbers: they are those of every fault, shaders included";
  }
  std::ifstream in(PLUMB_SOURCE_DIR "/README.md");
  std::stringstream readme;
  readme << in.rdbuf();
  const auto line = [](const std::vector<std::string>& row) {
    return fmt::format("\n| {} | {} | {} |\n", row[0], row[1], row[3]);  // without the elementary ones
  };
  const auto most = score_table(with_chance(true)).rows, least = score_table(with_chance(false)).rows;
  EXPECT_EQ(most.size(), 2 + 2 * kCriteria);
  for (std::size_t i = 0; i < most.size(); ++i) {
    EXPECT_TRUE(readme.str().find(line(most[i])) != std::string::npos ||
                readme.str().find(line(least[i])) != std::string::npos)
        << "README.md lacks" << line(most[i]) << "and" << line(least[i]);
  }
}

// One test, as each runs in a process of its own.
TEST(RebuiltFaults, AreCaughtNamedAndScored) {
  are_caught_by_the_probe_that_is_expected();
  are_named();
  do_not_taint_the_right_kernels();
  pass_peers_more_often_than_not();
  are_reported_as_what_they_are();
  are_counted_in_the_readme();
}

}  // namespace
}  // namespace plumb::faults
