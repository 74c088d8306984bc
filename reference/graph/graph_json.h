// Graphs as JSON ("plumbline-graph/1", described in FORMAT.md): what a small script can write from any framework.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "reference/graph/graph.h"

namespace plumb::graph {

/// Finds the bytes of a parameter that the file only names. Null: there are none.
using ParameterSource = std::function<ConstantRef(const std::string& parameter)>;

/// Reads a graph. Bytes that the text does not hold lie in files beside it, which are mapped, or come from `source`.
/// Throws one Error naming the file, and the node where there is one, for anything that departs from FORMAT.md.
[[nodiscard]] Graph read_graph_json(const std::filesystem::path& path, const ParameterSource& source = {});
/// The same from a text; `path` is for messages and for files named beside it.
[[nodiscard]] Graph parse_graph_json(std::string_view text, const std::filesystem::path& path,
                                     const ParameterSource& source = {});

/// How bytes are written.
struct JsonOptions {
  /// Up to so many bytes of constants go into the text; else all go into a file beside it, named as it with ".bin".
  std::int64_t inline_bytes = 65536;
  /// Constants that are mapped from a file and unchanged are named by that file and not copied.
  bool link_mapped = false;
};

/// Writes a graph, in running order. Files that lie there are replaced when all is written, so that constants mapped
/// from them stay readable. Throws Error, and replaces nothing, if a file cannot be written, holds constants that are
/// named by it, or the graph is none.
void write_graph_json(const Graph& graph, const std::filesystem::path& path, const JsonOptions& options = {});

}  // namespace plumb::graph
