#include <fmt/format.h>
#include <fmt/ranges.h>

#include <pugixml.hpp>
#include <unordered_map>

#include "reference/error.h"
#include "reference/graph/file_replacement.h"
#include "reference/graph/openvino_ir.h"

namespace plumb::graph {
namespace {

std::string text_of(const Argument& argument) {
  if (const auto* flag = std::get_if<bool>(&argument.value)) return *flag ? "true" : "false";
  if (const auto* integer = std::get_if<std::int64_t>(&argument.value)) return fmt::format("{}", *integer);
  if (const auto* number = std::get_if<double>(&argument.value)) return fmt::format("{}", *number);
  if (const auto* element = std::get_if<Element>(&argument.value)) return std::string(to_string(*element));
  if (const auto* text = std::get_if<std::string>(&argument.value)) return *text;
  throw Error("an attribute is no number and no text");
}

class IrWriter {
 public:
  IrWriter(const Graph& graph, const std::filesystem::path& xml)
      : graph_(graph), xml_(xml), bin_(std::filesystem::path(xml).replace_extension(".bin")) {}

  void write() {
    pugi::xml_document document;
    pugi::xml_node net = document.append_child("net");
    net.append_attribute("name") = graph_.name.c_str();
    net.append_attribute("version") = "11";
    layers_ = net.append_child("layers");
    edges_ = net.append_child("edges");
    for (const int i : sorted(graph_)) add_layer(i);
    for (const Ref& output : graph_.outputs) add_result(output);
    net.append_child("rt_info");
    FileReplacement text(xml_);
    document.save(text.out(), "\t");
    bin_.finish();
    text.finish();
    bin_.commit();
    text.commit();
  }

 private:
  static void add_port(pugi::xml_node side, std::size_t id, const Type& type) {
    pugi::xml_node port = side.append_child("port");
    port.append_attribute("id") = static_cast<unsigned long long>(id);
    port.append_attribute("precision") = std::string(info(type.element).ir_name).c_str();
    for (const std::int64_t dim : type.shape) port.append_child("dim").text() = static_cast<long long>(dim);
  }

  pugi::xml_node layer(const std::string& name, const std::string& type, const std::string& version) {
    pugi::xml_node node = layers_.append_child("layer");
    node.append_attribute("id") = next_id_++;
    node.append_attribute("name") = name.c_str();
    node.append_attribute("type") = type.c_str();
    node.append_attribute("version") = version.c_str();
    return node;
  }

  void connect(pugi::xml_node& node, const std::vector<Argument>& arguments) {
    if (arguments.empty()) return;
    pugi::xml_node inputs = node.append_child("input");
    for (std::size_t port = 0; port < arguments.size(); ++port) {
      const Ref* ref = arguments[port].ref();
      if (ref == nullptr) throw Error("an argument is no tensor");
      add_port(inputs, port, graph_.type(*ref));
      pugi::xml_node edge = edges_.append_child("edge");
      edge.append_attribute("from-layer") = ids_.at(ref->node);
      edge.append_attribute("from-port") =
          static_cast<unsigned long long>(graph_.at(*ref).arguments.size()) + static_cast<unsigned>(ref->result);
      edge.append_attribute("to-layer") = next_id_ - 1;
      edge.append_attribute("to-port") = static_cast<unsigned long long>(port);
    }
  }

  void add_layer(int i) {
    const Node& node = graph_.nodes[static_cast<std::size_t>(i)];
    const bool is_call = node.kind == Kind::call;
    if (is_call && !node.op.starts_with("ov::")) {
      throw Error(fmt::format("node '{}': {} is none of OpenVINO's operators", node.name, node.op));
    }
    ids_[i] = next_id_;
    const auto version = node.named.find("version");
    pugi::xml_node xml = layer(node.name,
                               is_call                    ? node.op.substr(4)
                               : node.kind == Kind::input ? "Parameter"
                                                          : "Const",
                               version == node.named.end() ? "opset1" : text_of(version->second));
    add_data(xml.append_child("data"), node);
    if (!node.marks.empty()) {
      pugi::xml_node info = xml.append_child("rt_info");
      for (const std::string& mark : node.marks) info.append_child("attribute").append_attribute("name") = mark.c_str();
    }
    connect(xml, node.arguments);
    pugi::xml_node outputs = xml.append_child("output");
    for (std::size_t k = 0; k < node.results.size(); ++k) add_port(outputs, node.arguments.size() + k, node.results[k]);
  }

  void add_data(pugi::xml_node data, const Node& node) {
    if (node.kind == Kind::call) {
      for (const auto& [key, argument] : node.named) {
        if (key != "version") data.append_attribute(key.c_str()) = text_of(argument).c_str();
      }
      return;
    }
    std::string shape;
    for (const std::int64_t dim : node.results.at(0).shape) {
      shape += (shape.empty() ? "" : ", ") + (dim < 0 ? std::string("?") : std::to_string(dim));
    }
    data.append_attribute("element_type") = std::string(to_string(node.results[0].element)).c_str();
    data.append_attribute("shape") = shape.c_str();
    if (node.kind == Kind::input) return;
    if (node.constant == nullptr) throw Error(fmt::format("node '{}': has no bytes", node.name));
    data.append_attribute("offset") = static_cast<unsigned long long>(place(node.constant));
    data.append_attribute("size") = static_cast<unsigned long long>(node.constant->bytes.size());
  }

  std::uint64_t place(const ConstantRef& constant) {
    const auto [found, is_new] = written_.emplace(constant.get(), next_);
    if (!is_new) return found->second;
    bin_.out().write(reinterpret_cast<const char*>(constant->bytes.data()),
                     static_cast<std::streamsize>(constant->bytes.size()));
    next_ += constant->bytes.size();
    return found->second;
  }

  void add_result(const Ref& output) {
    pugi::xml_node xml = layer(fmt::format("Result_{}", next_id_), "Result", "opset1");
    connect(xml, {Argument{output}});
  }

  const Graph& graph_;
  const std::filesystem::path& xml_;
  FileReplacement bin_;
  pugi::xml_node layers_, edges_;
  unsigned next_id_ = 0;
  std::unordered_map<int, unsigned> ids_;
  std::uint64_t next_ = 0;
  std::unordered_map<const Constant*, std::uint64_t> written_;
};

}  // namespace

void write_openvino_ir(const Graph& graph, const std::filesystem::path& xml) { IrWriter(graph, xml).write(); }

}  // namespace plumb::graph
