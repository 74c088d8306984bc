#include "runners/condition.h"

#include <gtest/gtest.h>

#include <vector>

#include "reference/ops.h"

namespace plumb {
namespace {

std::vector<Instance> instances(const std::function<bool(std::int64_t m, std::int64_t k, std::int64_t group)>& fails) {
  std::vector<Instance> all;
  for (const std::int64_t m : {1, 3, 4, 17}) {
    for (const std::int64_t k : {64, 96, 192}) {
      for (const std::int64_t group : {16, 32, 48, 64, 96}) {
        all.push_back({{{"M", m}, {"K", k}, {"N", 8}, {"group", group}, {"bias", m % 2}}, fails(m, k, group)});
      }
    }
  }
  return all;
}

std::string text(const std::vector<Instance>& all) { return condition_of(op_named("linear_q4gsw"), all).text; }

TEST(Condition, NamesTheSizeThatTellsApart) {
  EXPECT_EQ(text(instances([](auto m, auto, auto) { return m <= 3; })), "M <= 3");
  EXPECT_EQ(text(instances([](auto, auto, auto group) { return group > 48; })), "group > 48");
  EXPECT_EQ(text(instances([](auto, auto k, auto) { return k % 64 != 0; })), "K % 64 != 0");
}

TEST(Condition, NamesSeveralWhereOneIsNotEnough) {
  const std::string found = text(instances([](auto m, auto, auto group) { return m <= 3 && group % 32 != 0; }));
  EXPECT_NE(found.find("M <= 3"), std::string::npos) << found;
  EXPECT_NE(found.find("group % 32 != 0"), std::string::npos) << found;
}

TEST(Condition, SaysNothingWhereNothingTellsApart) {
  EXPECT_EQ(text(instances([](auto m, auto k, auto group) { return (m + k + group) % 7 == 0; })), "");
  EXPECT_EQ(text(instances([](auto, auto, auto) { return true; })), "");
  EXPECT_EQ(text(instances([](auto, auto, auto) { return false; })), "");
}

TEST(Condition, CountsWhatItTellsApart) {
  const auto all = instances([](auto m, auto, auto) { return m == 1; });
  const Condition found = condition_of(op_named("linear_q4gsw"), all);
  EXPECT_EQ(found.failing, 15);
  EXPECT_EQ(found.passing, 45);
}

}  // namespace
}  // namespace plumb
