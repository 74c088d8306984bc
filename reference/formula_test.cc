#include "reference/formula.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <memory>
#include <optional>

#include "reference/error.h"

namespace plumb {
namespace {

const Sizes kSizes = {{"K", 64}, {"N", 7}, {"group", 32}, {"_a1", 3}, {"low", INT64_MIN}};

std::int64_t value(std::string_view formula) { return evaluate_formula(formula, kSizes); }

std::string message(std::string_view formula) {
  try {
    return std::to_string(value(formula));
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(Formula, NumbersNamesAndBlanks) {
  EXPECT_EQ(value("0"), 0);
  EXPECT_EQ(value("  9223372036854775807 "), INT64_MAX);
  EXPECT_EQ(value("K"), 64);
  EXPECT_EQ(value("_a1"), 3);
  EXPECT_EQ(value(" ( K ) "), 64);
  EXPECT_EQ(value("low"), INT64_MIN);
}

TEST(Formula, Precedence) {
  EXPECT_EQ(value("2 + 3 * 4"), 14);
  EXPECT_EQ(value("(2 + 3) * 4"), 20);
  EXPECT_EQ(value("2 * 3 + 4 * 5"), 26);
  EXPECT_EQ(value("20 - 6 - 4"), 10);
  EXPECT_EQ(value("64 / 4 / 2"), 8);
  EXPECT_EQ(value("K % group * 2 + 1"), 1);
  EXPECT_EQ(value("- 2 * 3"), -6);
  EXPECT_EQ(value("2 - -3"), 5);
  EXPECT_EQ(value("--3"), 3);
  EXPECT_EQ(value("1 + 1 == 2"), 1);
  EXPECT_EQ(value("1 || 0 && 0"), 1);
  EXPECT_EQ(value("(1 || 0) && 0"), 0);
  EXPECT_EQ(value("0 == 0 && 1 < 2"), 1);
  EXPECT_EQ(value("1 + (0 || 1)"), 2);
}

TEST(Formula, ComparisonsAndLogic) {
  EXPECT_EQ(value("3 == 3"), 1);
  EXPECT_EQ(value("3 != 3"), 0);
  EXPECT_EQ(value("2 < 3"), 1);
  EXPECT_EQ(value("3 < 3"), 0);
  EXPECT_EQ(value("3 <= 3"), 1);
  EXPECT_EQ(value("4 <= 3"), 0);
  EXPECT_EQ(value("3 > 3"), 0);
  EXPECT_EQ(value("3 >= 3"), 1);
  EXPECT_EQ(value("2 && 4"), 1);
  EXPECT_EQ(value("0 && 4"), 0);
  EXPECT_EQ(value("4 || 0"), 1);
  EXPECT_EQ(value("0 || 0"), 0);
}

TEST(Formula, DivisionAndRemainderAreThoseOfC) {
  EXPECT_EQ(value("7 / 2"), 3);
  EXPECT_EQ(value("-7 / 2"), -3);
  EXPECT_EQ(value("-7 % 2"), -1);
  EXPECT_EQ(value("7 % -2"), 1);
}

TEST(Formula, CeilFunctions) {
  EXPECT_EQ(value("ceil_to(36, 8)"), 40);
  EXPECT_EQ(value("ceil_to(40, 8)"), 40);
  EXPECT_EQ(value("ceil_to(0, 8)"), 0);
  EXPECT_EQ(value("ceil_to(K + 1, 8) / 2"), 36);
  EXPECT_EQ(value("ceil_div(33, 32)"), 2);
  EXPECT_EQ(value("ceil_div(32, 32)"), 1);
  EXPECT_EQ(value("ceil_div(ceil_to(N, 8), 3)"), 3);
  EXPECT_EQ(value("ceil_div(-5, 2)"), -2);  // -2.5
  EXPECT_EQ(value("ceil_div(5, -2)"), -2);
  EXPECT_EQ(value("ceil_div(-5, -2)"), 3);
}

TEST(Formula, SyntaxErrorsSayWhere) {
  EXPECT_EQ(message(""), "formula '', column 1: unexpected end");
  EXPECT_EQ(message("K +"), "formula 'K +', column 4: unexpected end");
  EXPECT_EQ(message("K K"), "formula 'K K', column 3: unexpected text");
  EXPECT_EQ(message("1 < 2 < 3"), "formula '1 < 2 < 3', column 7: unexpected text");
  EXPECT_EQ(message("12ab"), "formula '12ab', column 3: unexpected text");
  EXPECT_EQ(message("K & 1"), "formula 'K & 1', column 3: unexpected text");
  EXPECT_EQ(message("(K"), "formula '(K', column 3: expected ')'");
  EXPECT_EQ(message("* 2"), "formula '* 2', column 1: expected a number, a name or '('");
  EXPECT_EQ(message("2 * )"), "formula '2 * )', column 5: expected a number, a name or '('");
  EXPECT_EQ(message("ceil_to(K 8)"), "formula 'ceil_to(K 8)', column 11: expected ','");
  EXPECT_EQ(message("ceil_to(K, 8"), "formula 'ceil_to(K, 8', column 13: expected ')'");
}

TEST(Formula, ErrorsOfValuesSayWhere) {
  EXPECT_EQ(message("1 + M"), "formula '1 + M', column 5: 'M' has no value");
  EXPECT_EQ(message("max(K, 8)"), "formula 'max(K, 8)', column 10: function 'max' is unknown");
  EXPECT_EQ(message("99999999999999999999"), "formula '99999999999999999999', column 1: number too large");
  for (const char* formula : {"K / 0", "K % (N - 7)", "ceil_to(K, 0)", "ceil_div(K, 0)"}) {
    EXPECT_TRUE(message(formula).ends_with(": division by zero")) << message(formula);
  }
  EXPECT_TRUE(message("low / -1").ends_with(": division by -1 is not needed and could overflow"));
  EXPECT_TRUE(message("0 && 1 / 0").ends_with(": division by zero"));  // both sides are evaluated
}

TEST(Formula, OverflowIsAnError) {
  for (const char* formula : {"9223372036854775807 + 1", "low - 1", "low * 2", "-low", "4611686018427387904 * 2",
                              "ceil_to(9223372036854775807, 8)"}) {
    EXPECT_TRUE(message(formula).ends_with(": overflow")) << message(formula);
  }
}

// A random expression: its text and its value, or none if computing it overflows or divides by 0 or -1.
struct Expression {
  std::string text;
  std::optional<std::int64_t> value;
};

using Wide = __int128;

std::optional<std::int64_t> narrow(Wide wide) {
  if (wide < INT64_MIN || wide > INT64_MAX) return std::nullopt;
  return static_cast<std::int64_t>(wide);
}

std::optional<std::int64_t> apply(std::string_view op, Wide a, Wide b) {
  if (op == "+") return narrow(a + b);
  if (op == "-") return narrow(a - b);
  if (op == "*") return narrow(a * b);
  if (op == "==") return a == b;
  if (op == "!=") return a != b;
  if (op == "<") return a < b;
  if (op == "<=") return a <= b;
  if (op == ">") return a > b;
  if (op == ">=") return a >= b;
  if (op == "&&") return a != 0 && b != 0;
  if (op == "||") return a != 0 || b != 0;
  if (b == 0 || b == -1) return std::nullopt;
  return narrow(op == "/" ? a / b : a % b);
}

Expression leaf() {
  if (*rc::gen::arbitrary<bool>()) {
    const auto& [name, value] = *std::next(kSizes.begin(), *rc::gen::inRange(0, 4));
    return {name, value};
  }
  const auto number = *rc::gen::weightedOneOf<std::int64_t>(
      {{9, rc::gen::inRange<std::int64_t>(0, 70)}, {1, rc::gen::inRange<std::int64_t>(INT64_MAX - 99, INT64_MAX)}});
  return {std::to_string(number), number};
}

std::string blanks() { return *rc::gen::element<std::string>("", " ", "  "); }

// Every operand is in parentheses unless it is a leaf or the operator binds it anyway; `level` is the loosest operator
// that may stand without.
Expression expression(int depth, std::size_t level) {
  static const std::vector<std::vector<std::string>> levels = {
      {"||"}, {"&&"}, {"==", "!=", "<", "<=", ">", ">="}, {"+", "-"}, {"*", "/", "%"}};
  if (depth == 0) return leaf();
  const auto chosen = *rc::gen::inRange<std::size_t>(0, levels.size());
  const std::string op = *rc::gen::elementOf(levels[chosen]);
  // Comparisons do not chain; the others associate to the left.
  const Expression a = expression(depth - 1, chosen == 2 ? 3 : chosen), b = expression(depth - 1, chosen + 1);
  Expression result{a.text + blanks() + op + blanks() + b.text, std::nullopt};
  if (a.value && b.value) result.value = apply(op, *a.value, *b.value);
  if (chosen < level) result.text = fmt::format("({}{}{})", blanks(), result.text, blanks());
  if (chosen < level && *rc::gen::inRange(0, 4) == 0) {
    result.text = fmt::format("-{}{}", blanks(), result.text);
    if (result.value) result.value = narrow(-Wide{*result.value});
  }
  return result;
}

RC_GTEST_PROP(FormulaProperty, PrintedExpressionsHaveTheirValue, ()) {
  const Expression e = expression(*rc::gen::inRange(0, 5), 0);
  RC_TAG(e.value.has_value());
  if (e.value) {
    RC_ASSERT(message(e.text) == std::to_string(*e.value));
  } else {
    RC_ASSERT(message(e.text).starts_with("formula '" + e.text + "', column "));
  }
}

RC_GTEST_PROP(FormulaProperty, CeilIsTheSmallestMultiple, ()) {
  const auto a = *rc::gen::inRange<std::int64_t>(-1000, 1000), b = *rc::gen::inRange<std::int64_t>(1, 50);
  const std::int64_t rounded = evaluate_formula("ceil_to(a, b)", {{"a", a}, {"b", b}});
  RC_ASSERT(rounded % b == 0 && rounded >= a && rounded - b < a);
  RC_ASSERT(evaluate_formula("ceil_div(a, b)", {{"a", a}, {"b", b}}) == rounded / b);
}

}  // namespace
}  // namespace plumb
