// The smallest case that still fails, and the command that repeats it.
#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "runners/check.h"
#include "runners/sandbox.h"

namespace plumb {

/// Makes sizes and parameters of a failing case smaller, or what they are by default, one after the other, as long as
/// the case still `fails` and time is left. Data mode and seed stay. Deterministic, unless time runs out.
[[nodiscard]] Case smallest_failing(const Case& failing, const std::function<bool(const Case&)>& fails,
                                    std::chrono::milliseconds time);

/// Looks for the smallest case of the first failure of each implementation of an operator, in worker processes, and
/// notes it in the record (Record::smallest). Failures that are no `fail`, or no case of a campaign, are left alone.
void shrink_failures(const std::vector<Subject>& subjects, const SandboxOptions& options, std::vector<Record>& records);

}  // namespace plumb
