// What every property of a rewrite asks of it.
#pragma once

#include <rapidcheck.h>

#include <cstddef>

#include "runners/rewrite/judge_graphs.h"

namespace plumb::graph {

/// Applies one rewrite, which has to fire `times` times and to change no result. Returns the verdict.
inline GraphVerdict expect_fired(const Graph& before, const char* name, std::size_t times) {
  const auto rewrites = rewrites_named({name});
  const Rewritten after = apply_rewrites(before, rewrites);
  RC_CLASSIFY(!after.applied.empty(), "fired");
  RC_ASSERT(after.applied.size() == times);
  GraphVerdict verdict = judge_rewrite(before, after, rewrites);
  for (const std::string& fault : verdict.faults) RC_FAIL(fault);
  return verdict;
}

}  // namespace plumb::graph
