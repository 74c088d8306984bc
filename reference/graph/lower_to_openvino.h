// torch's operators as OpenVINO's, as its PyTorch frontend converts them.
#pragma once

#include "reference/graph/graph.h"

namespace plumb::graph {

/// A graph whose calls are all OpenVINO's; those that are stay. Throws Error naming the node of an operator that
/// OpenVINO has no counterpart of, or whose attributes are none of those converted here.
[[nodiscard]] Graph lower_to_openvino(const Graph& graph);

}  // namespace plumb::graph
