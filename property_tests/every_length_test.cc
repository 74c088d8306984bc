// Rows of every length: each residue modulo the elements of a packed word, of a vector of any instruction set and of a
// group, for every operator, on every implementation that can run here.
#include <gtest/gtest.h>

#include "property_tests/answer.h"
#include "property_tests/generate.h"
#include "reference/ops.h"

namespace plumb {
namespace {

constexpr std::int64_t kWidestVector = 64;  // bytes, and so elements

class EveryLength : public testing::TestWithParam<std::string> {};

TEST_P(EveryLength, GivesTheOraclesAnswer) {
  const Op& op = op_named(GetParam());
  const std::vector<Subject> subjects = runnable(op.name);
  ASSERT_FALSE(row_lengths(op).empty());
  for (const std::string& name : row_lengths(op)) {
    int legal = 0;
    for (std::int64_t length = 1; length <= kWidestVector + 2; ++length) {
      const std::optional<Case> test_case = case_with(op, name, length, 3, static_cast<std::uint64_t>(length));
      if (!test_case) continue;
      ++legal;
      const Question question = ask(*test_case);
      for (const Subject& subject : subjects) {
        const Record record = judge_subject(subject, question);
        EXPECT_TRUE(record.outcome == Outcome::pass || record.unjudged == record.elements)
            << subject.impl->name << " " << to_string(*test_case) << ": " << record.reason;
      }
    }
    EXPECT_GE(legal, 1) << name;  // of npu's rows, which are whole groups of 32 and two at least, this is one
  }
}

std::vector<std::string> op_names() {
  std::vector<std::string> names;
  for (const Op& op : all_ops()) names.push_back(op.name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(AllOperators, EveryLength, testing::ValuesIn(op_names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace plumb
