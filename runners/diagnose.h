// What a wrong output looks like: which mistake in a packed layout explains it.
#pragma once

#include <span>
#include <string>

#include "runners/check.h"

namespace plumb {

/// Wrong elements from which on a mistake is named: a single one is too easily explained.
inline constexpr std::int64_t kLeastEvidence = 2;

/// Lets the oracle read, or write, the operator's packed codes with each mistake that wrong_variants derives from the
/// layouts it uses. Those under which all of `outputs` is within its bound are named, at most three; empty if none does
/// or the problem is too large to try. At most a few dozen evaluations of the oracle.
[[nodiscard]] std::string diagnose(const Question& question, const Contract& contract, std::span<const Tensor> outputs);

}  // namespace plumb
