#include "runners/plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <vector>

#include "reference/ops.h"
#include "reference/sanitized.h"

namespace plumb {
namespace {

std::vector<std::string> names(const std::vector<Case>& cases) {
  std::vector<std::string> result;
  for (const Case& test_case : cases) result.push_back(to_string(test_case));
  return result;
}

// Planning is the same code for every operator, and slow under sanitizers.
std::vector<std::reference_wrapper<const Op>> planned_ops() {
  constexpr std::size_t kEvery = kSanitized ? 4 : 1;
  std::vector<std::reference_wrapper<const Op>> ops;
  std::size_t place = 0;
  for (const Op& op : all_ops()) {
    if (place++ % kEvery == 0) ops.emplace_back(op);
  }
  return ops;
}

TEST(Plan, IsDeterministicAndChangesWithTheSeed) {
  for (const Op& op : planned_ops()) {
    EXPECT_EQ(names(plan_cases(op, 5)), names(plan_cases(op, 5)));
    EXPECT_NE(names(plan_cases(op, 5)), names(plan_cases(op, 6)));
  }
}

TEST(Plan, NamesEveryCaseOnce) {
  for (const Op& op : planned_ops()) {
    const auto all = names(plan_cases(op, 0));
    EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), all.size()) << op.name;
  }
}

TEST(Plan, NamesRebuildTheCase) {
  for (const Op& op : planned_ops()) {
    for (const std::string& name : names(plan_cases(op, 1))) EXPECT_EQ(to_string(parse_case(name)), name);
  }
}

// Every planned value of every size and parameter occurs, and so does every pair of K and group that can legally meet.
TEST(Plan, CoversEveryValueAndPair) {
  for (const Op& op : planned_ops()) {
    std::map<std::string, std::set<std::int64_t>> seen;
    std::set<std::pair<std::int64_t, std::int64_t>> pairs;
    const bool grouped = op.param("group") != nullptr;
    for (const Case& test_case : plan_cases(op, 0)) {
      for (const auto& [name, value] : test_case.signature.values) seen[name].insert(value);
      if (grouped) pairs.emplace(test_case.signature["K"], test_case.signature["group"]);
    }
    for (const Size& size : op.sizes) EXPECT_EQ(seen[size.name].size(), size.sweep.size()) << op.name << size.name;
    for (const Param& param : op.params)
      EXPECT_EQ(seen[param.name].size(), param.values.size()) << op.name << param.name;
    if (!grouped) continue;
    const std::vector<Case> cases = plan_cases(op, 0);
    for (const std::int64_t k : op.size("K")->sweep) {
      for (const std::int64_t group : op.param("group")->values) {
        // With the other sizes of some case: what is legal may depend on them.
        const bool legal = std::ranges::any_of(cases, [&](const Case& some_case) {
          Sizes sizes = some_case.signature.values;
          sizes["K"] = k;
          sizes["group"] = group;
          return is_legal(op, sizes);
        });
        EXPECT_EQ(pairs.contains({k, group}), legal) << op.name << " K=" << k << " group=" << group;
      }
    }
  }
}

TEST(Plan, AppliesEveryModeOfAnOperator) {
  for (const Op& op : planned_ops()) {
    std::set<std::string_view> modes;
    for (const Case& test_case : plan_cases(op, 0)) modes.insert(test_case.mode->name);
    for (const DataMode& mode : all_data_modes()) EXPECT_EQ(modes.contains(mode.name), applies(mode, op));
  }
}

// torchao rounds such sums to f16 before they are scaled: ordinary data would make them infinite, and prove nothing.
TEST(Plan, LongUnscaledSumsOfHalvesHaveNoOrdinaryData) {
  int sums = 0;
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    for (const Case& test_case : plan_cases(op_named("linear_intx"), seed)) {
      const Signature& s = test_case.signature;
      const bool halves = s["x"] == static_cast<std::int64_t>(DType::f16);
      if (s["scaling"] == 0 || !halves || s["K"] * 255 / 2 < 65504) continue;
      ++sums;
      EXPECT_TRUE(test_case.mode->exact() || test_case.mode->adversary == Adversary::one_hot) << to_string(test_case);
    }
  }
  EXPECT_GT(sums, 0);
}

}  // namespace
}  // namespace plumb
