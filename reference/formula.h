// Integer formulas over named sizes: shapes ("K/group"), constraints ("K % group == 0") and ranges ("N-1") are written
// as text once, and read by validation, generation, `plumb ops` and the documentation alike.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace plumb {

/// Values of named sizes and parameters, e.g. {K: 64, group: 32}.
using Sizes = std::map<std::string, std::int64_t, std::less<>>;

/// Value of an integer formula. Operators, loosest first: `||`, `&&`, comparisons, `+ -`, `* / %`, unary `-`;
/// parentheses; functions ceil_to(a, b) = a rounded up to a multiple of b, and ceil_div(a, b). `/` and `%` are C's.
/// Comparisons and logic give 0 or 1; both sides of `&&` and `||` are evaluated.
/// Throws Error on a syntax error, an unknown name, division by zero or overflow, naming the formula.
[[nodiscard]] std::int64_t evaluate_formula(std::string_view formula, const Sizes& sizes);

}  // namespace plumb
