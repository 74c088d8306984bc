// Planning: which cases a campaign judges.
#pragma once

#include <cstdint>
#include <vector>

#include "runners/case.h"

namespace plumb {

/// Shapes such that every pair of values of two sizes or parameters that can legally meet, meets in some shape
/// (all-pairs testing), each with every data mode that applies, adversarial ones in turn. The values come from the
/// operator's description: they lie around its pack, vector, block and tile boundaries. All pairs meet twice: once with
/// all element types at their defaults, so that a kernel which does only those is covered too, and once over all
/// element types. Deterministic in (op, seed).
[[nodiscard]] std::vector<Case> plan_cases(const Op& op, std::uint64_t seed);

/// Cases with probes: each that applies, on a few shapes of `cases`, spread over them. Deterministic.
[[nodiscard]] std::vector<Case> plan_probes(const std::vector<Case>& cases);

}  // namespace plumb
