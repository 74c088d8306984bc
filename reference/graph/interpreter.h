// Runs a graph, operator by operator.
#pragma once

#include <functional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "reference/graph/operators.h"

namespace plumb::graph {

/// The graph's outputs for its inputs, which are in the order of its input nodes. Values that nobody reads any more are
/// dropped on the way.
/// Throws Error naming the node and its operator for: an operator that is not known, an argument that is not what the
/// operator takes, a result of another shape than the graph records, a constant without bytes, a tensor that is changed
/// in place ("aten::add_.Tensor") although it is an input, a constant or read elsewhere, itself or what it is a view of.
[[nodiscard]] std::vector<Values> run(const Graph& graph, std::span<const Values> inputs, Precision precision);

/// The operators of a graph that the interpreter does not know, each with the name of one node.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> unknown_operators(const Graph& graph);

/// Conversions that are told to convert to another element type than the graph records for their result, a sentence
/// each. The interpreter goes by what is recorded.
[[nodiscard]] std::vector<std::string> contradictory_conversions(const Graph& graph);

/// The value of one result that depends on constants alone. Throws Error as `run` does, and if it depends on an input.
[[nodiscard]] Values constant_value(const Graph& graph, Ref ref, Precision precision);

}  // namespace plumb::graph
