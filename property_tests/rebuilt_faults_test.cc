// Reported bugs, rebuilt, before the harness: what `plumb faults` says of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "property_tests/faults/rebuilt/rebuilt.h"
#include "property_tests/faults/report.h"
#include "reports/summary.h"

namespace plumb::faults {
namespace {

// Sanitizers slow everything down.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr const char* kIds = "S0?,P0?,M0?,C0?";
constexpr bool kAll = false;
#else
constexpr const char* kIds = "???,????,*.*";
constexpr bool kAll = true;
#endif

// The campaign is run once for all that is said of it.
struct Run {
  std::vector<Entry> entries = catalogue(kIds);
  Scores scores = score(entries, 2);
};
const Run& the_run() {
  static const Run run;
  return run;
}

// What no verdict can name: what a race leaves behind is a pattern of nothing.
const std::set<std::string> kUnnamed = {"C05"};

void are_caught_by_the_probe_that_is_expected() {
  for (const Score& score : the_run().scores.faults) {
    const Entry& entry = *score.entry;
    if (!score.was_judged()) continue;                 // no device
    if (kUnnamed.contains(score.entry->id)) continue;  // a race need not show in every run
    EXPECT_EQ(score.caught(), entry.missed_because.empty()) << entry.id << ": " << entry.mechanism;
    if (!score.caught()) continue;
    EXPECT_EQ(score.probe, entry.probe) << entry.id << ": " << score.seen.case_name;
  }
}

void are_named() {
  for (const Score& score : the_run().scores.faults) {
    if (!score.was_judged() || kUnnamed.contains(score.entry->id)) continue;
    EXPECT_TRUE(score.named) << score.entry->id << ": expected '" << score.entry->diagnosis << "', got '"
                             << score.seen.diagnosis << "' and '" << score.seen.reason << "'";
  }
}

TEST(ElementaryFaults, AreCaughtAndNamed) {
  const std::vector<Entry> entries = catalogue("embedding_q4gsw/*,pack_uint4/*,unpack_uint4/*");
  for (const Score& score : score(entries, 2).faults) {
    EXPECT_TRUE(score.caught() && score.named)
        << score.entry->id << ": expected '" << score.entry->diagnosis << "', got '" << score.seen.diagnosis << "'";
  }
}

void do_not_taint_the_right_kernels() {
  EXPECT_GT(the_run().scores.right.judged, 0);
  for (const Record& record : the_run().scores.right.wrong) ADD_FAILURE() << record.case_name << ": " << record.reason;
}

// Peers' usual check lets most of them through, or else there would be no need of another.
void pass_peers_more_often_than_not() {
  if (!kAll) return;
  std::int64_t judged = 0, seen = 0;
  for (const Score& score : the_run().scores.faults) {
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
    EXPECT_EQ(*fault.diagnosis == '\0', kUnnamed.contains(fault.id)) << fault.id;
  }
  EXPECT_GE(ids.size(), 40U);
  for (const NotRebuilt& record : not_rebuilt()) {
    EXPECT_FALSE(ids.contains(record.id));
    EXPECT_NE(*record.reason, '\0') << record.id;
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
  const bool every_one = std::ranges::all_of(the_run().scores.faults,
                                             [](const Score& score) { return !score.was_judged() || score.caught(); });
  EXPECT_EQ(exit_code(run), every_one ? 0 : 1);
  EXPECT_EQ(run.tables.size(), 2U);
  EXPECT_EQ(run.tables[1].rows.size(), the_run().entries.size());
  Scores missed;
  missed.faults.push_back({.entry = &the_run().entries[0], .judged = 7});
  EXPECT_EQ(exit_code(run_of(missed, "")), 1);
  EXPECT_NE(fault_table(missed).rows[0][4].find("NOT CAUGHT"), std::string::npos);
}

// The README's numbers are those of a run.
void are_counted_in_the_readme() {
  const auto& faults = the_run().scores.faults;
  const bool every_one = std::ranges::all_of(faults, [](const Score& score) { return score.was_judged(); });
  if (!kAll || !every_one) return;
  std::ifstream in(PLUMB_SOURCE_DIR "/README.md");
  std::stringstream readme;
  readme << in.rdbuf();
  const auto rows = score_table(the_run().scores).rows;
  ASSERT_GE(rows.size(), 2U);
  // A race that shows in one run and not in another moves peers' counts by one.
  for (const auto& row : rows) {
    const std::size_t at = readme.str().find("| " + row[0] + " | ");
    ASSERT_NE(at, std::string::npos) << row[0];
    EXPECT_NEAR(std::stoi(readme.str().substr(at + row[0].size() + 5)), std::stoi(row[1]), 1) << row[0];
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
