// Graph files by their extension, with the parameters that golden files hold.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "golden/golden.h"
#include "reference/graph/values.h"

namespace plumb {

/// Reads .pt2, .xml (OpenVINO IR) or .json (plumbline-graph/1). A JSON file whose parameters have no bytes gets them
/// from the golden file beside it that names it, if there is one: those before a rewrite for its `graph_edge`, those
/// after it for its `graph_after`. Throws Error naming the file.
[[nodiscard]] graph::Graph load_graph(const std::filesystem::path& path);

/// The files that save_graph writes: `path` first, and beside it one for constants, which small graphs in JSON do
/// without. Throws Error for an extension other than .json and .xml.
[[nodiscard]] std::vector<std::filesystem::path> saved_files(const std::filesystem::path& path);

/// Writes .json or .xml (lowered to OpenVINO's operators if it is torch's). What is there is replaced when all is
/// written. Throws Error as saved_files does, and if it cannot be written.
void save_graph(const graph::Graph& graph, const std::filesystem::path& path, bool link_constants);

/// Parameters of a golden case: inputs "param:NAME", or, with `after`, outputs "param_after:NAME".
[[nodiscard]] graph::ConstantRef golden_parameter(const golden::Case& golden, const std::string& name, bool after);
/// An array of a golden case as the interpreter has it.
[[nodiscard]] graph::Values values_of(const golden::Array& array);

}  // namespace plumb
