// What a case could have shown, for the people who read its verdict.
#pragma once

#include <vector>

#include "reports/table.h"
#include "runners/case.h"

namespace plumb {

/// A row for each input of each case that can be changed: of some of its elements, changed one at a time, how many
/// would have moved an output past its bound. Cases with probes, which are about calls, are left out; of cases that
/// would take long it is said that nobody looked.
[[nodiscard]] Table vouching_table(const std::vector<Case>& cases);

}  // namespace plumb
