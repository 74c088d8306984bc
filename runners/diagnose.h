// What a wrong output looks like: which mistake explains it.
#pragma once

#include <span>
#include <string>

#include "runners/check.h"

namespace plumb {

/// Wrong elements from which on something may be said of them.
inline constexpr std::int64_t kLeastEvidence = 1;

/// Lets the oracle make each mistake that the operator's description invites (see diagnosis/mistake.h). Those under
/// which every wrong element is within its bound are named, at most three: first those that explain the right elements,
/// too; else the one that spares fewest, with where it shows. If none does, what wrong elements have to do with right
/// ones, or which narrower arithmetic the errors look like. Empty if nothing is found, or the problem is too large to
/// try. Absent outputs are not looked at. At most some hundred evaluations of the oracle.
[[nodiscard]] std::string diagnose(const Question& question, const Contract& contract, std::span<const Tensor> outputs,
                                   std::byte poison);

/// Where the wrong elements are, as Record::heat has it; empty if there are none.
[[nodiscard]] std::vector<std::string> heat_of(const Question& question, const Contract& contract,
                                               std::span<const Tensor> outputs);

}  // namespace plumb
