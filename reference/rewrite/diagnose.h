// What went wrong between two graphs: the mistake that explains all of the graph after.
#pragma once

#include <string>
#include <vector>

#include "reference/rewrite/prove.h"

namespace plumb::graph {

/// Rebuilds known mistakes in the graph before, one at a time (a step on the way dropped, scales read transposed
/// because another layer's rewrite turned them in place, zero points or factors ignored, a transpose ignored, …) and
/// keeps those that give exactly what the graph after gives on every trial, within rounding. One sentence each, naming
/// nodes and parameters. Empty: none explains it.
[[nodiscard]] std::vector<std::string> causes(const Graph& before, const Graph& after,
                                              const std::vector<Trial>& trials);

}  // namespace plumb::graph
