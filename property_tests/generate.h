// RapidCheck generators derived from the operators' descriptions. A counterexample is a case name: what a failing
// property prints last goes straight into `plumb check`.
#pragma once

#include <rapidcheck.h>

#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "runners/case.h"

namespace plumb {

/// Any legal case of `op`: every size, element type, group and rank that its constraints allow, up to sizes that grow
/// with RapidCheck's; any data mode that applies and is not adversarial; any seed. Shrinks through smaller_cases.
[[nodiscard]] rc::Gen<Case> arbitrary_case(const Op& op);
/// Of any operator.
[[nodiscard]] rc::Gen<Case> arbitrary_case();

/// A legal case in which the size or integer parameter `name` is `value`, and the rest is what `seed` makes it: other
/// sizes 1 to `limit`, or of those that are planned. None if none was found.
[[nodiscard]] std::optional<Case> case_with(const Op& op, const std::string& name, std::int64_t value,
                                            std::int64_t limit, std::uint64_t seed);

/// The sizes and integer parameters that say how long the rows of the first input and output are: "K", "n", "columns".
[[nodiscard]] std::vector<std::string> row_lengths(const Op& op);

/// Legal cases that are one step smaller, boldest first. Following them always ends.
[[nodiscard]] std::vector<Case> smaller_cases(const Case& test_case);

/// How RapidCheck prints a case: by its name.
void showValue(const Case& test_case, std::ostream& out);

}  // namespace plumb
