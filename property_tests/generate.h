// RapidCheck generators derived from the operators' descriptions. A counterexample is a case name: what a failing
// property prints last goes straight into `plumb check`.
#pragma once

#include <rapidcheck.h>

#include <ostream>
#include <vector>

#include "runners/case.h"

namespace plumb {

/// Any legal case of `op`: every size, element type, group and rank that its constraints allow, up to sizes that grow
/// with RapidCheck's; any data mode that applies; any seed. Shrinks through smaller_cases.
[[nodiscard]] rc::Gen<Case> arbitrary_case(const Op& op);
/// Of any operator.
[[nodiscard]] rc::Gen<Case> arbitrary_case();

/// Legal cases that are one step smaller, boldest first. Following them always ends.
[[nodiscard]] std::vector<Case> smaller_cases(const Case& test_case);

/// How RapidCheck prints a case: by its name.
void showValue(const Case& test_case, std::ostream& out);

}  // namespace plumb
