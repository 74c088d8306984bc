#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <pugixml.hpp>
#include <unordered_map>

#include "reference/error.h"
#include "reference/graph/openvino_ir.h"
#include "reference/mapped_file.h"

namespace plumb::graph {
namespace {

template <typename T>
bool parse_whole(std::string_view text, T& value) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  return !text.empty() && result.ec == std::errc{} && result.ptr == text.data() + text.size();
}

std::int64_t integer(const pugi::xml_node& node, const char* name) {
  std::int64_t value = 0;
  const char* text = node.attribute(name).value();
  if (!parse_whole<std::int64_t>(text, value)) throw Error(fmt::format("{}: expected a number, got '{}'", name, text));
  return value;
}

// "8, 2, 16"; "?" is -1.
std::vector<std::int64_t> integers(std::string_view text) {
  std::vector<std::int64_t> values;
  while (!text.empty()) {
    std::string_view item = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), item.size() + 1));
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    std::int64_t value = -1;
    if (item != "?" && !parse_whole(item, value)) throw Error(fmt::format("'{}' is no whole number", item));
    values.push_back(value);
  }
  return values;
}

Argument attribute(const std::string& text) {
  std::int64_t integer = 0;
  double number = 0;
  if (text == "true" || text == "false") return {text == "true"};
  if (parse_whole(std::string_view(text), integer)) return {integer};
  if (parse_whole(std::string_view(text), number)) return {number};
  return {text};
}

Element precision(const std::string& name) {
  for (const ElementInfo& type : all_elements()) {
    if (type.ir_name == name) return type.element;
  }
  throw Error(fmt::format("element type '{}' is not supported", name));
}

class IrReader {
 public:
  explicit IrReader(const std::filesystem::path& xml) : xml_(xml) {}

  Graph read() {
    const auto file = MappedFile::open(xml_);
    pugi::xml_document document;
    const pugi::xml_parse_result parsed = document.load_buffer(file->bytes().data(), file->bytes().size());
    if (!parsed) throw Error(fmt::format("is no XML: {} at byte {}", parsed.description(), parsed.offset));
    const pugi::xml_node net = document.child("net");
    const std::int64_t version = net ? integer(net, "version") : 0;
    if (version != 10 && version != 11) throw Error("expected <net version=\"10\"> or \"11\"");
    graph_.name = net.attribute("name").value();
    for (const pugi::xml_node layer : net.child("layers").children("layer")) within(layer, [&] { declare(layer); });
    for (const pugi::xml_node edge : net.child("edges").children("edge")) connect(edge);
    for (const pugi::xml_node layer : net.child("layers").children("layer"))
      within(layer, [&] { check_inputs(layer); });
    finish_results();
    return compacted(graph_);
  }

 private:
  template <typename F>
  static void within(const pugi::xml_node& layer, F f) {
    try {
      f();
    } catch (const Error& error) {
      throw Error(fmt::format("layer '{}': {}", layer.attribute("name").value(), error.what()));
    }
  }

  void declare(const pugi::xml_node& layer) {
    const std::int64_t id = integer(layer, "id");
    const std::string type = layer.attribute("type").value();
    Node node{.name = layer.attribute("name").value(), .op = "ov::" + type};
    if (node.name.empty() || type.empty()) throw Error("expected a name and a type");
    for (const pugi::xml_node port : layer.child("output").children("port")) {
      ports_[{id, integer(port, "id")}] = static_cast<int>(node.results.size());
      node.results.push_back({precision(port.attribute("precision").value()), {}});
      for (const pugi::xml_node dim : port.children("dim"))
        node.results.back().shape.push_back(dim.text().as_llong(-1));
    }
    const pugi::xml_node data = layer.child("data");
    if (type == "Const") {
      node.kind = Kind::constant;
      node.op.clear();
      node.constant = constant(data);
      node.results = {node.constant->type};
    } else if (type == "Parameter") {
      node.kind = Kind::input;
      node.op.clear();
    } else {
      for (const pugi::xml_attribute item : data.attributes()) node.named[item.name()] = attribute(item.value());
      if (node.named.contains("destination_type")) {
        node.named["destination_type"] = {element_from_string(data.attribute("destination_type").value())};
      }
      node.named.emplace("version", Argument{std::string(layer.attribute("version").value())});
    }
    for (const pugi::xml_node mark : layer.child("rt_info").children("attribute")) {
      node.marks.insert(mark.attribute("name").value());
    }
    for (const pugi::xml_node port : layer.child("input").children("port"))
      inputs_[{id, integer(port, "id")}] = static_cast<int>(counts_[id]++);
    node.arguments.resize(counts_[id]);
    const Ref ref = graph_.add(std::move(node));
    if (!layers_.emplace(id, ref.node).second) throw Error(fmt::format("two layers have id {}", id));
  }

  ConstantRef constant(const pugi::xml_node& data) {
    const Type type{element_from_string(data.attribute("element_type").value()),
                    integers(data.attribute("shape").value())};
    const std::int64_t offset = integer(data, "offset"), size = integer(data, "size");
    const std::int64_t expected = size_bytes(type.element, element_count(type.shape));
    if (size != expected || offset < 0) {
      throw Error(fmt::format("expected {} bytes for {}, got {} at {}", expected, to_string(type), size, offset));
    }
    ConstantRef& known = constants_[fmt::format("{} {}", offset, to_string(type))];
    if (known != nullptr) return known;
    if (bin_ == nullptr) bin_ = MappedFile::open(std::filesystem::path(xml_).replace_extension(".bin"));
    const auto at = static_cast<std::uint64_t>(offset);
    known = std::make_shared<const Constant>(
        Constant{type, bin_->part(at, static_cast<std::uint64_t>(size), "a constant"), bin_, bin_->path(), at});
    return known;
  }

  void connect(const pugi::xml_node& edge) {
    const std::int64_t from = integer(edge, "from-layer"), to = integer(edge, "to-layer");
    const auto source = ports_.find({from, integer(edge, "from-port")});
    const auto target = inputs_.find({to, integer(edge, "to-port")});
    if (source == ports_.end() || target == inputs_.end()) {
      throw Error(fmt::format("an edge from layer {} to layer {} names a port that is not there", from, to));
    }
    Node& node = graph_.nodes[static_cast<std::size_t>(layers_.at(to))];
    Argument& argument = node.arguments[static_cast<std::size_t>(target->second)];
    if (!argument.is_none()) throw Error(fmt::format("layer '{}': two edges end at one port", node.name));
    argument = {Ref{layers_.at(from), source->second}};
  }

  void check_inputs(const pugi::xml_node& layer) const {
    const Node& node = graph_.nodes[static_cast<std::size_t>(layers_.at(integer(layer, "id")))];
    for (const Argument& argument : node.arguments) {
      if (argument.is_none()) throw Error("no edge ends at one of its ports");
    }
  }

  // Result layers become the graph's outputs.
  void finish_results() {
    for (Node& node : graph_.nodes) {
      if (node.op != "ov::Result") continue;
      if (node.arguments.size() != 1) throw Error(fmt::format("layer '{}': a Result has one input", node.name));
      graph_.outputs.push_back(*node.arguments[0].ref());
      node.removed = true;
    }
  }

  struct PortHash {
    std::size_t operator()(const std::pair<std::int64_t, std::int64_t>& port) const {
      return std::hash<std::int64_t>{}(port.first * 1000003 + port.second);
    }
  };
  using Ports = std::unordered_map<std::pair<std::int64_t, std::int64_t>, int, PortHash>;

  const std::filesystem::path& xml_;
  Graph graph_;
  std::unordered_map<std::int64_t, int> layers_;
  std::unordered_map<std::int64_t, std::size_t> counts_;
  Ports ports_, inputs_;  ///< (layer, port) -> result, argument.
  std::unordered_map<std::string, ConstantRef> constants_;
  std::shared_ptr<const MappedFile> bin_;
};

}  // namespace

Graph read_openvino_ir(const std::filesystem::path& xml) {
  try {
    return IrReader(xml).read();
  } catch (const Error& error) {
    const std::string text = error.what(), path = std::filesystem::path(xml).replace_extension("").string();
    throw Error(text.starts_with(path) ? text : fmt::format("{}: {}", xml.string(), text));
  }
}

}  // namespace plumb::graph
