#include "reference/graph/pt2.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <unordered_map>

#include "reference/error.h"
#include "reference/graph/tensor_subclass.h"
#include "reference/graph/zip_archive.h"

namespace plumb::graph {
namespace {

using Json = nlohmann::json;
/// Tensors by the name they have in one (sub)graph.
using Scope = std::unordered_map<std::string, Argument>;

constexpr int kDeepest = 8;  ///< Graphs within graphs.

// "torch.ops.aten.add.Tensor" -> "aten::add.Tensor", "torch.ops.aten.mm.default" -> "aten::mm".
std::string operator_name(const std::string& target) {
  constexpr std::string_view kPrefix = "torch.ops.";
  const std::size_t dot = target.find('.', kPrefix.size());
  if (!target.starts_with(kPrefix) || dot == std::string::npos) return target;
  std::string name = target.substr(kPrefix.size(), dot - kPrefix.size()) + "::" + target.substr(dot + 1);
  constexpr std::string_view kDefault = ".default";
  if (name.ends_with(kDefault)) name.resize(name.size() - kDefault.size());
  return name;
}

// What a tagged value is, {"as_int": 3}: its one key. What lies below may be nested without end and is not printed.
std::string kind_of(const Json& tagged) {
  if (!tagged.is_object()) return fmt::format("a JSON {}", tagged.type_name());
  if (tagged.size() != 1) return fmt::format("an object of {} keys", tagged.size());
  return tagged.begin().key();
}

std::int64_t whole_dim(const Json& dim) { return dim.contains("as_int") ? dim["as_int"].get<std::int64_t>() : -1; }

Type type_of(const Json& meta) {
  Type type{element_from_torch_code(meta.at("dtype").get<std::int64_t>()), {}};
  for (const Json& dim : meta.at("sizes")) type.shape.push_back(whole_dim(dim));
  return type;
}

std::vector<std::int64_t> strides_of(const Json& meta) {
  std::vector<std::int64_t> strides;
  for (const Json& stride : meta.at("strides")) strides.push_back(whole_dim(stride));
  return strides;
}

constexpr std::string_view kInnerTensor = "torch.ops.export.access_subclass_inner_tensor.default";

class Pt2Reader {
 public:
  explicit Pt2Reader(const std::filesystem::path& path) : archive_(MappedFile::open(path)) {
    for (const auto& [name, entry] : archive_.entries()) {
      const std::size_t at = name.find("models/model.json");
      if (at != std::string::npos && at + 17 == name.size()) root_ = name.substr(0, at);
    }
  }

  Graph read() {
    const Json model = json_of("models/model.json");
    const std::int64_t major = model.at("schema_version").at("major").get<std::int64_t>();
    if (major != 8) throw Error(fmt::format("schema version {} is not supported; expected 8", major));
    for (const char* folder : {"weights", "constants"}) {
      const std::string config = fmt::format("data/{}/model_{}_config.json", folder, folder);
      if (archive_.entries().contains(root_ + config)) configs_.push_back({folder, json_of(config)});
    }
    const Json& module = model.at("graph_module");
    graph_.name = archive_.file().path().stem().string();
    Scope scope;
    read_inputs(module.at("signature").at("input_specs"), module.at("graph"), scope);
    read_nodes(module.at("graph"), scope, 0);
    for (const Json& spec : module.at("signature").at("output_specs")) {
      if (!spec.contains("user_output")) throw Error("an output that changes a buffer or an input is not supported");
      graph_.outputs.push_back(
          tensor(scope, spec["user_output"].at("arg").at("as_tensor").at("name").get<std::string>()));
    }
    return compacted(graph_);
  }

 private:
  Json json_of(const std::string& name) const { return Json::parse(archive_.text(root_ + name)); }

  static Ref tensor(const Scope& scope, const std::string& name) {
    const auto found = scope.find(name);
    if (found == scope.end()) throw Error(fmt::format("reads '{}', which nothing computes", name));
    if (found->second.ref() == nullptr) throw Error(fmt::format("'{}' is no tensor", name));
    return *found->second.ref();
  }

  void read_inputs(const Json& specs, const Json& graph, Scope& scope) {
    struct Spec {
      const char *key, *name, *role;
    };
    constexpr Spec kSpecs[] = {{"parameter", "parameter_name", "PARAMETER"},
                               {"buffer", "buffer_name", "BUFFER"},
                               {"tensor_constant", "tensor_constant_name", "CONSTANT_TENSOR"}};
    for (const Json& spec : specs) {
      Node node{.name = ""};
      if (spec.contains("user_input")) {
        const Json& argument = spec["user_input"].at("arg");
        if (!argument.contains("as_tensor")) continue;  // a literal that was specialised away
        node.kind = Kind::input;
        node.name = argument["as_tensor"].at("name").get<std::string>();
        node.results = {type_of(graph.at("tensor_values").at(node.name))};
      }
      for (const Spec& kind : kSpecs) {
        if (!spec.contains(kind.key)) continue;
        node.kind = Kind::constant;
        node.role = kind.role;
        node.name = spec[kind.key].at("arg").at("name").get<std::string>();
        node.parameter = spec[kind.key].at(kind.name).get<std::string>();
        const auto [entry, folder] = entry_of(node.parameter);
        if (entry.value("use_pickle", false) || entry.at("tensor_meta").is_null()) {
          read_subclass(node, file_of(entry, folder));
          break;
        }
        node.constant = constant(node.parameter, entry, folder);
        node.results = {node.constant->type};
      }
      if (subclasses_.contains(node.name)) continue;
      if (node.name.empty()) throw Error(fmt::format("an input of kind '{}' is not supported", kind_of(spec)));
      const std::string name = node.name;
      scope[name] = {graph_.add(std::move(node))};
    }
  }

  std::pair<const Json&, const std::string&> entry_of(const std::string& parameter) const {
    for (const auto& [folder, config] : configs_) {
      const Json& entries = config.at("config");
      if (entries.contains(parameter)) return {entries[parameter], folder};
    }
    throw Error(fmt::format("parameter '{}': the archive has no bytes for it", parameter));
  }

  std::string file_of(const Json& entry, const std::string& folder) const {
    return fmt::format("{}data/{}/{}", root_, folder, entry.at("path_name").get<std::string>());
  }

  // A constant for each tensor within: "p_0_weight" that is "0.weight" becomes "p_0_weight_qdata", "0.weight.qdata",
  // ...
  void read_subclass(const Node& node, const std::string& file) {
    std::map<std::string, Ref>& inner = subclasses_[node.name];
    try {
      auto read = files_.find(file);
      if (read == files_.end()) read = files_.emplace(file, read_tensor_subclass(archive_, file)).first;
      for (const auto& [attribute, constant] : read->second) {
        Node part = node;
        part.name += "_" + attribute;
        part.parameter += "." + attribute;
        part.constant = constant;
        part.results = {constant->type};
        inner[attribute] = graph_.add(std::move(part));
      }
    } catch (const Error& error) {
      throw Error(fmt::format("parameter '{}', a pickled tensor subclass: {}", node.parameter, error.what()));
    }
  }

  // export.access_subclass_inner_tensor(subclass, "qdata") is the constant itself.
  void read_inner_tensor(const Json& entry, Scope& scope) const {
    const Json& inputs = entry.at("inputs");
    const auto name = inputs.at(0).at("arg").at("as_tensor").at("name").get<std::string>(),
               attribute = inputs.at(1).at("arg").at("as_string").get<std::string>();
    const auto found = subclasses_.find(name);
    if (found == subclasses_.end()) throw Error(fmt::format("'{}' is no tensor subclass", name));
    const auto tensor = found->second.find(attribute);
    if (tensor == found->second.end()) throw Error(fmt::format("'{}' has no tensor '{}'", name, attribute));
    scope[entry.at("outputs").at(0).at("as_tensor").at("name").get<std::string>()] = {tensor->second};
  }

  ConstantRef constant(const std::string& name, const Json& entry, const std::string& folder) {
    const Json& meta = entry["tensor_meta"];
    const Type type = type_of(meta);
    const std::int64_t size = size_bytes(type.element, element_count(type.shape));
    if (!is_dense(type.shape, strides_of(meta))) throw Error(fmt::format("parameter '{}' is not dense", name));
    const std::string file = file_of(entry, folder);
    ConstantRef& known = constants_[file + to_string(type)];
    if (known != nullptr) return known;
    const std::span<const std::byte> bytes = archive_.bytes(file);
    const std::int64_t offset = whole_dim(meta.at("storage_offset")), there = static_cast<std::int64_t>(bytes.size());
    std::int64_t skipped = 0;
    if (offset < 0 || __builtin_mul_overflow(offset, info(type.element).bits / 8, &skipped) || skipped > there ||
        size > there - skipped) {
      throw Error(fmt::format("parameter '{}': expected {} bytes for {} behind {} elements, got {}", name, size,
                              to_string(type), offset, there));
    }
    known = std::make_shared<const Constant>(Constant{
        type, bytes.subspan(static_cast<std::size_t>(skipped), static_cast<std::size_t>(size)), archive_.keeper(),
        archive_.file().path(), archive_.entry(file).offset + static_cast<std::uint64_t>(skipped)});
    return known;
  }

  // NOLINTNEXTLINE(misc-no-recursion): kDeepest bounds it.
  void read_nodes(const Json& graph, Scope& scope, int depth) {
    if (depth > kDeepest) throw Error("graphs are nested too deep");
    for (const Json& entry : graph.at("nodes")) {
      const auto target = entry.at("target").get<std::string>();
      std::string name = node_name(entry);
      try {
        if (target == "torch.ops.aten._assert_tensor_metadata.default") continue;
        if (target == "torch.ops.higher_order.wrap_with_set_grad_enabled") {
          inline_graph(entry, scope, depth);
        } else if (target == kInnerTensor) {
          read_inner_tensor(entry, scope);
        } else {
          read_call(entry, graph, std::move(name), scope);
        }
      } catch (const std::exception& error) {
        throw Error(fmt::format("node '{}' ({}): {}", node_name(entry), operator_name(target), error.what()));
      }
    }
  }

  static std::string node_name(const Json& entry) {
    if (entry.contains("name") && entry["name"].is_string()) return entry["name"].get<std::string>();
    const Json& outputs = entry.at("outputs");
    if (outputs.empty() || !outputs[0].contains("as_tensor")) return entry.at("target").get<std::string>();
    return outputs[0]["as_tensor"].at("name").get<std::string>();
  }

  void read_call(const Json& entry, const Json& graph, std::string name, Scope& scope) {
    Node node{.name = std::move(name), .op = operator_name(entry.at("target").get<std::string>())};
    for (const Json& input : entry.at("inputs")) {
      Argument argument = argument_of(input.at("arg"), scope);
      if (input.value("kind", 1) == 2) {
        node.named.emplace(input.at("name").get<std::string>(), std::move(argument));
      } else {
        node.arguments.push_back(std::move(argument));
      }
    }
    std::vector<std::string> names;
    for (const Json& output : entry.at("outputs")) {
      if (!output.contains("as_tensor"))
        throw Error(fmt::format("a result of kind '{}' is not supported", kind_of(output)));
      names.push_back(output["as_tensor"].at("name").get<std::string>());
      node.results.push_back(type_of(graph.at("tensor_values").at(names.back())));
    }
    // Several nodes of inlined graphs may have one name.
    if (graph_.find(node.name) >= 0) node.name += fmt::format("_{}", graph_.nodes.size());
    Ref ref = graph_.add(std::move(node));
    for (const std::string& result : names) {
      scope[result] = {ref};
      ++ref.result;
    }
  }

  // NOLINTNEXTLINE(misc-no-recursion): kDeepest bounds it.
  void inline_graph(const Json& entry, Scope& scope, int depth) {
    const Json& inputs = entry.at("inputs");
    const Json& inner = inputs.at(1).at("arg").at("as_graph").at("graph");
    Scope local;
    for (std::size_t i = 0; i < inner.at("inputs").size(); ++i) {
      local[inner["inputs"][i].at("as_tensor").at("name").get<std::string>()] =
          argument_of(inputs.at(i + 2).at("arg"), scope);
    }
    read_nodes(inner, local, depth + 1);
    std::vector<Argument> results;
    for (const Json& output : inner.at("outputs")) {
      results.push_back({tensor(local, output.at("as_tensor").at("name").get<std::string>())});
    }
    const Json& outputs = entry.at("outputs");
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      scope[outputs[i].at("as_tensor").at("name").get<std::string>()] = results.at(i);
    }
  }

  static Argument argument_of(const Json& arg, const Scope& scope) {
    const std::string kind = kind_of(arg);
    if (!arg.is_object() || arg.size() != 1) throw Error(fmt::format("an argument is {}", kind));
    const Json& value = arg.begin().value();
    if (kind == "as_none") return {};
    if (kind == "as_tensor") return {tensor(scope, value.at("name").get<std::string>())};
    if (kind == "as_int") return {value.get<std::int64_t>()};
    if (kind == "as_float") return {value.is_string() ? std::stod(value.get<std::string>()) : value.get<double>()};
    if (kind == "as_bool") return {value.get<bool>()};
    if (kind == "as_string") return {value.get<std::string>()};
    if (kind == "as_scalar_type") return {element_from_torch_code(value.get<std::int64_t>())};
    if (kind == "as_device" || kind == "as_layout" || kind == "as_memory_format") return {"<" + kind.substr(3) + ">"};
    if (kind != "as_tensors" && kind != "as_ints" && kind != "as_floats")
      throw Error(fmt::format("an argument of kind '{}' is not supported", kind));
    List list;
    for (const Json& item : value) {
      if (kind == "as_tensors") list.push_back({tensor(scope, item.at("name").get<std::string>())});
      if (kind == "as_ints") list.push_back({item.get<std::int64_t>()});
      if (kind == "as_floats") list.push_back({item.get<double>()});
    }
    return {std::move(list)};
  }

  ZipArchive archive_;
  std::string root_;
  std::vector<std::pair<std::string, Json>> configs_;
  std::unordered_map<std::string, ConstantRef> constants_;
  std::unordered_map<std::string, InnerTensors> files_;                          ///< Subclasses by their file.
  std::unordered_map<std::string, std::map<std::string, Ref>> subclasses_ = {};  ///< By the graph's name for them.
  Graph graph_;
};

}  // namespace

Graph read_pt2(const std::filesystem::path& path) {
  try {
    return Pt2Reader(path).read();
  } catch (const std::exception& error) {  // also what nlohmann::json says of a value of another type
    const std::string text = error.what();
    throw Error(text.starts_with(path.string()) ? text : fmt::format("{}: {}", path.string(), text));
  }
}

}  // namespace plumb::graph
