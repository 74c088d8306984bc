#include "reports/record.h"

#include <gtest/gtest.h>

#include <set>

#include "reference/error.h"

namespace plumb {
namespace {

TEST(OutcomeTest, EveryWordReadsBackAsItself) {
  std::set<std::string> words;
  for (const Outcome outcome : all_outcomes()) {
    EXPECT_EQ(outcome_from_string(to_string(outcome)), outcome);
    words.insert(to_string(outcome));
  }
  EXPECT_EQ(words.size(), 8u);
}

TEST(OutcomeTest, IsSpelledAsItsEnumerator) {
  EXPECT_STREQ(to_string(Outcome::pass), "pass");
  EXPECT_STREQ(to_string(Outcome::xfail), "xfail");
  EXPECT_STREQ(to_string(Outcome::vacuous), "vacuous");
}

TEST(OutcomeTest, OnlyMisbehaviourIsWrong) {
  std::set<std::string> wrong;
  for (const Outcome outcome : all_outcomes())
    if (is_wrong(outcome)) wrong.insert(to_string(outcome));
  EXPECT_EQ(wrong, (std::set<std::string>{"fail", "crash", "hang", "flaky"}));
}

TEST(OutcomeTest, RefusesAnUnknownWordAndListsTheKnownOnes) {
  for (const char* word : {"", "Pass", "pass ", "passed", "ok"}) {
    try {
      (void)outcome_from_string(word);
      ADD_FAILURE() << "accepted '" << word << "'";
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("got '" + std::string(word) + "'"), std::string::npos);
      EXPECT_NE(std::string(error.what()).find("pass, fail, crash, hang, skip, xfail, flaky, vacuous"),
                std::string::npos);
    }
  }
}

}  // namespace
}  // namespace plumb
