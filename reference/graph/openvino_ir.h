// OpenVINO's intermediate representation: an XML file, and a .bin with the constants beside it.
#pragma once

#include <filesystem>

#include "reference/graph/graph.h"

namespace plumb::graph {

/// Reads an IR of version 10 or 11. The constants are mapped; layers that name the same bytes of one type share them.
/// Attributes become named arguments (numbers and lists of numbers where they are such), rt_info attributes marks.
/// Throws one Error naming the file, and the layer where there is one, for XML that is none, a missing or short .bin, a
/// port or layer that is not there, layers in a cycle, or an unknown element type.
[[nodiscard]] Graph read_openvino_ir(const std::filesystem::path& xml);

/// Writes xml, and beside it .bin, of a graph whose calls are all OpenVINO's (see lower_to_openvino). Constants shared
/// by identity are written once. Files that lie there are replaced when all is written, so that constants mapped from
/// them stay readable. Throws Error naming the node that is not OpenVINO's, or the file that cannot be written, and
/// replaces nothing.
void write_openvino_ir(const Graph& graph, const std::filesystem::path& xml);

}  // namespace plumb::graph
