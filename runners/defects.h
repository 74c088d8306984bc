// Recorded defects of upstream, taken together: what they have in common, and on what they depend.
#pragma once

#include <vector>

#include "reports/record.h"
#include "runners/replay.h"

namespace plumb {

/// Looks at all defects of a group (see ReplayFact) at once. Where several mistakes explain one of them, those stay
/// that explain its like, too; and the smallest condition on sizes and parameters that all of its like satisfy, and no
/// sound case of the group, is added to the diagnosis.
void explain_defects(const ReplayFacts& facts, std::vector<Record>& records);

/// The recorded defects, those of one diagnosis together; without rows if there is none.
[[nodiscard]] Table defects_table(const std::vector<Record>& records);

}  // namespace plumb
