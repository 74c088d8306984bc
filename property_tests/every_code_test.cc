// Operators over 2- and 4-bit codes, exhaustively: every byte of packed codes and every pair of codes side by side, on
// every implementation that can run here.
#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>

#include "property_tests/answer.h"
#include "property_tests/generate.h"
#include "reference/error.h"
#include "reference/ops.h"

namespace plumb {
namespace {

constexpr std::int64_t kBytes = 256;

// All bytes, and thus all pairs of nibbles and all quadruples of 2-bit codes. Later rounds through them start
// elsewhere, so that words of several bytes meet other neighbours.
std::byte packed_byte(std::int64_t at) { return static_cast<std::byte>(at + at / kBytes * 37); }

// Codes low … high, one an element: all pairs at even places and, a round later, at odd ones.
double paired_code(std::int64_t at, std::int64_t low, std::int64_t high) {
  const std::int64_t count = high - low + 1, round = at / (2 * count * count), shifted = at + round % 2;
  const std::int64_t pair = shifted / 2 + round / 2 * 5;
  return static_cast<double>(low + (shifted % 2 == 0 ? pair : pair / count) % count);
}

struct Codes {
  std::int64_t low, high;
};

// A port's range, if it holds single codes of at most four bits: its limits, or, where codes of any value may be
// dequantised, those that are quantised to.
std::optional<Codes> few_codes(const Op& op, const Port& port, const Signature& signature) {
  const bool quantised = port.name == "codes" && signature.values.contains("quant_max");
  if (port.fill != Fill::integers || (port.high.empty() && !quantised)) return std::nullopt;
  const DTypeInfo& type = info(dtype_of(port, op, signature));
  const auto lowest = static_cast<std::int64_t>(type.min_finite);
  const Codes codes = port.high.empty() ? Codes{std::max(signature["quant_min"], lowest), signature["quant_max"]}
                                        : Codes{evaluate_formula(port.low, signature.values),
                                                evaluate_formula(port.high, signature.values)};
  return codes.high - codes.low < 16 ? std::optional(codes) : std::nullopt;
}

bool is_packed(const Port& port) { return port.fill == Fill::codes || port.fill == Fill::bytes; }

bool is_wide_integer(const Port& port, const Tensor& tensor) {
  return port.fill == Fill::integers && !port.layouts.empty() && info(tensor.dtype()).size_bytes > 1;
}

// Replaces the first input's codes; whether it now holds all of them.
bool fill_with_all(const Op& op, Problem& problem) {
  const Port& port = op.inputs.front();
  Tensor& tensor = problem.inputs.front();
  if (const auto codes = few_codes(op, port, problem.signature)) {
    const std::int64_t count = codes->high - codes->low + 1;
    for (std::int64_t i = 0; i < tensor.size(); ++i) tensor.set(i, paired_code(i, codes->low, codes->high));
    return tensor.size() >= 4 * count * count;
  }
  for (std::int64_t i = 0; i < tensor.size_bytes(); ++i) {
    tensor.bytes()[static_cast<std::size_t>(i)] = packed_byte(i);
  }
  return tensor.size_bytes() >= kBytes;
}

bool takes_codes(const Op& op, const Problem& problem) {
  const Port& port = op.inputs.front();
  return is_packed(port) || is_wide_integer(port, problem.inputs.front()) ||
         few_codes(op, port, problem.signature).has_value();
}

class EveryCode : public testing::TestWithParam<std::string> {};

TEST_P(EveryCode, GivesTheOraclesAnswer) {
  const Op& op = op_named(GetParam());
  const std::vector<Subject> subjects = runnable(op.name);
  int tried = 0;
  bool has_codes = false;
  for (const std::int64_t length : {1024, 512, 2048, 256, 64}) {
    for (const std::string& name : row_lengths(op)) {
      for (std::uint64_t seed = 0; seed < 4; ++seed) {
        const std::optional<Case> test_case = case_with(op, name, length, 5, seed);
        if (!test_case) continue;
        Problem problem = make_problem(*test_case);
        if (!takes_codes(op, problem)) continue;
        has_codes = true;
        if (!fill_with_all(op, problem)) continue;
        check_values(op, problem);
        ++tried;
        Question question{&op, std::move(problem), {}, op.arithmetic == Arithmetic::prescribed, {}, true};
        question.expected = op.evaluate(question.problem);
        for (const Subject& subject : subjects) {
          const Record record = judge_subject(subject, question);
          EXPECT_TRUE(record.outcome == Outcome::pass || record.unjudged == record.elements)
              << subject.impl->name << " " << to_string(*test_case) << ": " << record.reason;
        }
      }
    }
  }
  if (!has_codes) GTEST_SKIP() << "its first input holds no codes of four bits or less";
  EXPECT_GE(tried, 2);
}

std::vector<std::string> op_names() {
  std::vector<std::string> names;
  for (const Op& op : all_ops()) names.push_back(op.name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(AllOperators, EveryCode, testing::ValuesIn(op_names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace plumb
