// Calls that an operator forbids, made from legal ones: every implementation that can run here returns a status and
// leaves its outputs alone.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "property_tests/answer.h"
#include "property_tests/generate.h"
#include "reference/ops.h"
#include "runners/forbidden_calls.h"

namespace plumb {
namespace {

// A legal call whose first input and output have elements.
Problem legal_problem(const Op& op, std::uint64_t seed) {
  for (std::uint64_t attempt = 0; attempt < 40; ++attempt) {
    const std::int64_t length = std::int64_t{16} << attempt % 3;
    const std::optional<Case> found = case_with(op, row_lengths(op).front(), length, 3, seed * 100 + attempt);
    if (!found) continue;
    Problem problem = make_problem(*found);
    const Form output = output_forms(op, problem.signature).front();
    if (element_count(output.shape) > 0 && problem.inputs.front().size() > 0) return problem;
  }
  throw std::runtime_error(op.name + ": no legal call found");
}

// Whether the type of an input has a number that the operator does not let it have.
bool has_forbidden_values(const Op& op, const Problem& legal, std::size_t input) {
  const Port& port = op.inputs[input];
  if (port.high.empty() || legal.inputs[input].size() == 0) return false;
  const DTypeInfo& type = info(legal.inputs[input].dtype());
  const Sizes& sizes = legal.signature.values;
  return type.min_finite < static_cast<double>(evaluate_formula(port.low, sizes)) ||
         type.max_finite > static_cast<double>(evaluate_formula(port.high, sizes));
}

class Refusals : public testing::TestWithParam<std::string> {};

TEST_P(Refusals, ReturnAStatusAndLeaveOutputsAlone) {
  const Op& op = op_named(GetParam());
  const std::vector<Subject> subjects = runnable(op.name);
  std::map<std::string, int> refused;  // by what was spoilt
  std::set<std::string> limited;       // inputs whose values are
  for (const std::uint64_t seed : {1, 2, 3, 4, 5, 6, 7, 8}) {
    const Problem legal = legal_problem(op, seed);
    ASSERT_FALSE(is_forbidden(op, legal));
    for (std::size_t i = 0; i < op.inputs.size(); ++i) {
      if (has_forbidden_values(op, legal, i)) limited.insert(op.inputs[i].name);
    }
    for (const auto& [what, problem] : forbidden_calls(op, legal)) {
      ++refused[what];
      for (const Subject& subject : subjects) {
        const Record record = judge_refusal(subject, op, problem);
        EXPECT_EQ(record.outcome, Outcome::pass) << subject.impl->name << " " << what << ": " << record.reason;
      }
    }
  }
  for (const Port& port : op.inputs) {
    EXPECT_GT(refused["type of " + port.name] + refused["absence of " + port.name], 0) << port.name;
    EXPECT_GT(refused["shape of " + port.name] + refused["absence of " + port.name], 0) << port.name;
  }
  for (const std::string& input : limited) EXPECT_GT(refused["value in " + input], 0) << input;
  for (const Param& param : op.params) EXPECT_GT(refused["parameter " + param.name], 0) << param.name;
}

std::vector<std::string> op_names() {
  std::vector<std::string> names;
  for (const Op& op : all_ops()) names.push_back(op.name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(AllOperators, Refusals, testing::ValuesIn(op_names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace plumb
