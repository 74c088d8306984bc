// Whether two graphs are the same but for names and order.
#pragma once

#include <string>

#include "reference/graph/graph.h"

namespace plumb::graph {

/// Whether two constants have one type and the same bytes.
[[nodiscard]] bool same_constant(const Constant& a, const Constant& b);

/// Walks both graphs from their outputs at once. Empty if every output is computed by the same operators with the same
/// arguments from the same constants and inputs, else one sentence about the first difference. Names, marks, versions
/// and unread nodes do not matter; an argument left out is the same as none.
[[nodiscard]] std::string difference(const Graph& a, const Graph& b);

}  // namespace plumb::graph
