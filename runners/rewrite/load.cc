#include "runners/rewrite/load.h"

#include <fmt/format.h>

#include "reference/error.h"
#include "reference/graph/graph_json.h"
#include "reference/graph/lower_to_openvino.h"
#include "reference/graph/openvino_ir.h"
#include "reference/graph/pt2.h"

namespace plumb {
namespace {

graph::Type type_of(const golden::Array& array) {
  return {graph::element_from_string(array.dtype == "bool" ? "boolean" : array.dtype), array.shape};
}

// The attribute of a case as text; empty if it has none.
std::string text(const golden::Case& golden, const std::string& name) {
  const auto found = golden.attributes.find(name);
  const auto* value = found == golden.attributes.end() ? nullptr : std::get_if<std::string>(&found->second);
  return value == nullptr ? "" : *value;
}

bool lacks_bytes(const graph::Graph& graph) {
  for (const graph::Node& node : graph.nodes) {
    if (node.kind == graph::Kind::constant && node.constant == nullptr) return true;
  }
  return false;
}

graph::Graph with_golden_parameters(const std::filesystem::path& path, graph::Graph graph) {
  const std::filesystem::path folder = path.parent_path().empty() ? "." : path.parent_path();
  for (const std::filesystem::path& file : golden::find(folder)) {
    if (file.filename() != "fusion.h5") continue;
    const golden::File golden = golden::read(file);
    for (const golden::Case& one : golden.cases) {
      const bool after = text(one, "graph_after") == path.filename();
      if (!after && text(one, "graph_edge") != path.filename()) continue;
      return graph::read_graph_json(path, [&](const std::string& name) { return golden_parameter(one, name, after); });
    }
  }
  return graph;
}

}  // namespace

graph::ConstantRef golden_parameter(const golden::Case& golden, const std::string& name, bool after) {
  const golden::Array* array =
      after ? find_array(golden.outputs, "param_after:" + name) : find_array(golden.inputs, "param:" + name);
  return array == nullptr ? nullptr : graph::make_constant(type_of(*array), array->bytes);
}

graph::Values values_of(const golden::Array& array) {
  return graph::values_of(*graph::make_constant(type_of(array), array.bytes));
}

graph::Graph load_graph(const std::filesystem::path& path) {
  const std::string extension = path.extension();
  if (extension == ".pt2") return graph::read_pt2(path);
  if (extension == ".xml") return graph::read_openvino_ir(path);
  if (extension != ".json") {
    throw Error(fmt::format(
        "{}: expected a graph in .pt2, .xml or .json; TorchScript and ExecuTorch programs are made .json by "
        "runners/rewrite/export_graph.py",
        path.string()));
  }
  graph::Graph graph = graph::read_graph_json(path);
  return lacks_bytes(graph) ? with_golden_parameters(path, std::move(graph)) : graph;
}

std::vector<std::filesystem::path> saved_files(const std::filesystem::path& path) {
  std::filesystem::path bytes = path;
  if (path.extension() == ".json") return {path, bytes += ".bin"};
  if (path.extension() == ".xml") return {path, bytes.replace_extension(".bin")};
  throw Error(fmt::format("{}: expected .json or .xml to write", path.string()));
}

void save_graph(const graph::Graph& graph, const std::filesystem::path& path, bool link_constants) {
  if (saved_files(path)[0].extension() == ".xml")
    return graph::write_openvino_ir(graph::lower_to_openvino(graph), path);
  graph::write_graph_json(graph, path, {.link_mapped = link_constants});
}

}  // namespace plumb
