#include <fmt/format.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "reference/error.h"
#include "reference/graph/graph_json.h"
#include "reference/mapped_file.h"

namespace plumb::graph {
namespace {

using Json = nlohmann::json;

constexpr int kDeepest = 32;  ///< Lists within lists.

class JsonReader {
 public:
  JsonReader(const std::filesystem::path& path, const ParameterSource& source) : path_(path), source_(source) {}

  Graph read(std::string_view text) {
    const Json root = parse(text);
    if (!root.is_object() || root.value("format", "") != "plumbline-graph/1")
      refuse("expected \"format\": \"plumbline-graph/1\"");
    if (!root.contains("nodes") || !root["nodes"].is_array()) refuse("expected a list \"nodes\"");
    graph_.name = root.value("name", path_.stem().string());
    for (const Json& entry : root["nodes"]) within(entry, [&] { declare(entry); });
    for (const Json& entry : root["nodes"]) within(entry, [&] { resolve_getitem(entry); });
    for (const Json& entry : root["nodes"]) within(entry, [&] { fill(entry); });
    if (!has_output_) refuse("there is no node of \"op\": \"output\"");
    try {
      return compacted(graph_);
    } catch (const Error& error) {
      refuse(error.what());
    }
  }

 private:
  [[noreturn]] void refuse(const std::string& message) const {
    throw Error(fmt::format("{}: {}", path_.string(), message));
  }

  Json parse(std::string_view text) const {
    try {
      return Json::parse(text);
    } catch (const Json::exception& error) {
      refuse(fmt::format("is no JSON: {}", error.what()));
    }
  }

  // Runs f; whatever it finds wrong is said of this node.
  template <typename F>
  void within(const Json& entry, F f) const {
    const Json* name = entry.is_object() && entry.contains("name") ? &entry["name"] : nullptr;
    const std::string node = name != nullptr && name->is_string() ? name->get<std::string>() : "?";
    try {
      if (node == "?" || node.empty()) throw Error("expected an object with a \"name\"");
      f();
    } catch (const Json::exception& error) {
      refuse(fmt::format("node '{}': {}", node, error.what()));
    } catch (const Error& error) {
      const std::string text = error.what();
      text.starts_with("node '") ? refuse(text) : refuse(fmt::format("node '{}': {}", node, text));
    }
  }

  static bool is_getitem(const Json& entry) {
    return entry.at("op").get<std::string>() == "call_function" && entry.at("target").get<std::string>() == "getitem";
  }

  void declare(const Json& entry) {
    const auto op = entry.at("op").get<std::string>();
    if (op == "output" || is_getitem(entry)) return;
    if (op != "placeholder" && op != "call_function") throw Error(fmt::format("\"op\": '{}' is unknown", op));
    Node node{.name = entry.at("name").get<std::string>()};
    if (op == "call_function") node.op = entry.at("target").get<std::string>();
    if (!entry.contains("value") || entry["value"].is_null()) {
    } else if (entry["value"].is_array()) {
      for (const Json& type : entry["value"]) node.results.push_back(type_of(type));
    } else {
      node.results.push_back(type_of(entry["value"]));
    }
    const Ref ref = graph_.add(std::move(node));
    if (!names_.emplace(graph_.at(ref).name, ref).second) throw Error("two nodes have this name");
  }

  void resolve_getitem(const Json& entry) {
    if (entry.at("op") == "output" || entry.at("op") == "placeholder" || !is_getitem(entry)) return;
    const Json& arguments = entry.at("args");
    Ref ref = ref_of(arguments.at(0).at("node").get<std::string>());
    ref.result = arguments.at(1).get<int>();
    if (!names_.emplace(entry.at("name").get<std::string>(), ref).second) throw Error("two nodes have this name");
  }

  static Type type_of(const Json& value) {
    Type type{element_from_string(value.at("dtype").get<std::string>()), {}};
    for (const Json& dim : value.at("shape")) type.shape.push_back(dim.get<std::int64_t>());
    for (const std::int64_t dim : type.shape) {
      if (dim < -1) throw Error(fmt::format("a dimension is {}", dim));
    }
    return type;
  }

  Ref ref_of(const std::string& name) const {
    const auto found = names_.find(name);
    if (found == names_.end()) throw Error(fmt::format("reads '{}', which no node is named", name));
    return found->second;
  }

  // NOLINTNEXTLINE(misc-no-recursion): kDeepest bounds it.
  Argument argument_of(const Json& value, int depth = 0) const {
    if (depth > kDeepest) throw Error("lists are nested too deep");
    if (value.is_null()) return {};
    if (value.is_boolean()) return {value.get<bool>()};
    if (value.is_number_integer()) return {value.get<std::int64_t>()};
    if (value.is_number_float()) return {value.get<double>()};
    if (value.is_string()) return {value.get<std::string>()};
    if (!value.is_object()) {
      throw Error(fmt::format("an argument is a JSON {}{}", value.type_name(),
                              value.is_array() ? R"(; a list is {"list": [...]})" : ""));
    }
    if (value.size() != 1) throw Error(fmt::format("an argument has {} keys, expected one", value.size()));
    const std::string key = value.begin().key();
    const Json& content = value.begin().value();
    if (key == "node") return {ref_of(content.get<std::string>())};
    if (key == "float") return {number(content.get<std::string>())};
    if (key == "dtype") return {element_from_string(content.get<std::string>())};
    if (key == "other") return {"<" + content.get<std::string>() + ">"};
    if (key != "list") throw Error(fmt::format("an argument of kind '{}' is unknown", key));
    List list;
    for (const Json& item : content) list.push_back(argument_of(item, depth + 1));
    return {std::move(list)};
  }

  static double number(const std::string& text) {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (text.empty() || end != text.c_str() + text.size()) throw Error(fmt::format("'{}' is no number", text));
    return value;
  }

  void fill(const Json& entry) {
    const auto op = entry.at("op").get<std::string>();
    if (op == "output") return fill_outputs(entry);
    if (op == "call_function" && is_getitem(entry)) return;
    Node& node = graph_.at(names_.at(entry.at("name").get<std::string>()));
    if (entry.contains("marks")) {
      for (const Json& mark : entry["marks"]) node.marks.insert(mark.get<std::string>());
    }
    if (op == "placeholder") return fill_placeholder(node, entry);
    for (const Json& value : entry.at("args")) node.arguments.push_back(argument_of(value));
    if (!entry.contains("kwargs")) return;
    for (const auto& [key, value] : entry["kwargs"].items()) node.named.emplace(key, argument_of(value));
  }

  void fill_outputs(const Json& entry) {
    if (has_output_) throw Error("is a second output node");
    has_output_ = true;
    const Argument all = argument_of(entry.at("args").at(0));
    const List list = std::holds_alternative<List>(all.value) ? std::get<List>(all.value) : List{all};
    for (const Argument& output : list) {
      if (output.ref() == nullptr) throw Error("an output is no tensor");
      graph_.outputs.push_back(*output.ref());
    }
  }

  void fill_placeholder(Node& node, const Json& entry) {
    node.role = entry.value("kind", "USER_INPUT");
    node.kind = node.role == "USER_INPUT" ? Kind::input : Kind::constant;
    if (node.results.size() != 1) throw Error("expected a \"value\" with shape and dtype");
    if (node.kind == Kind::input) return;
    if (entry.contains("fqn") && entry["fqn"].is_string()) node.parameter = entry["fqn"].get<std::string>();
    if (entry.contains("data")) {
      node.constant = constant_from(entry["data"], node.results[0], entry.at("name").get<std::string>());
    } else if (const auto known = parameters_.find(node.parameter); known != parameters_.end()) {
      node.constant = known->second;
    } else if (source_) {
      node.constant = source_(node.parameter);
    }
    if (node.constant != nullptr && node.constant->type != node.results[0]) {
      throw Error(fmt::format("says {}, its bytes are {}", to_string(node.results[0]), to_string(node.constant->type)));
    }
    if (!node.parameter.empty()) parameters_.emplace(node.parameter, node.constant);
  }

  ConstantRef constant_from(const Json& data, const Type& type, const std::string& name) {
    if (data.contains("as")) {
      const Node& other = graph_.at(ref_of(data["as"].get<std::string>()));
      if (other.constant == nullptr)
        throw Error(fmt::format("shares the bytes of '{}', which has none before it", other.name));
      return other.constant;
    }
    if (data.contains("hex")) return make_constant(type, bytes_of(data["hex"].get<std::string>()));
    const auto file = data.at("file").get<std::string>();
    const auto offset = data.at("offset").get<std::uint64_t>(), size = data.at("size").get<std::uint64_t>();
    const auto key = fmt::format("{}:{}:{}:{}", file, offset, size, to_string(type));
    ConstantRef& constant = mapped_[key];
    if (constant != nullptr) return constant;
    std::shared_ptr<const MappedFile>& mapping = files_[file];
    if (mapping == nullptr) mapping = MappedFile::open(path_.parent_path() / file);
    const auto expected = static_cast<std::uint64_t>(size_bytes(type.element, element_count(type.shape)));
    if (size != expected) throw Error(fmt::format("expected {} bytes for {}, got {}", expected, to_string(type), size));
    constant = std::make_shared<const Constant>(
        Constant{type, mapping->part(offset, size, fmt::format("'{}'", name)), mapping, mapping->path(), offset});
    return constant;
  }

  static std::vector<std::byte> bytes_of(const std::string& hex) {
    const auto digit = [](char c) {
      if (c >= '0' && c <= '9') return c - '0';
      if (c >= 'a' && c <= 'f') return c - 'a' + 10;
      throw Error(fmt::format("'{}' is no hexadecimal digit", c));
    };
    if (hex.size() % 2 != 0) throw Error("\"hex\": a digit is missing");
    std::vector<std::byte> bytes;
    for (std::size_t i = 0; i < hex.size(); i += 2) {
      bytes.push_back(static_cast<std::byte>(digit(hex[i]) << 4 | digit(hex[i + 1])));
    }
    return bytes;
  }

  const std::filesystem::path& path_;
  const ParameterSource& source_;
  Graph graph_;
  bool has_output_ = false;
  std::unordered_map<std::string, Ref> names_;
  std::unordered_map<std::string, ConstantRef> parameters_, mapped_;
  std::unordered_map<std::string, std::shared_ptr<const MappedFile>> files_;
};

}  // namespace

Graph parse_graph_json(std::string_view text, const std::filesystem::path& path, const ParameterSource& source) {
  try {
    return JsonReader(path, source).read(text);
  } catch (const Json::exception& error) {
    throw Error(fmt::format("{}: {}", path.string(), error.what()));
  }
}

Graph read_graph_json(const std::filesystem::path& path, const ParameterSource& source) {
  const auto file = MappedFile::open(path);
  return parse_graph_json({reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size()}, path, source);
}

}  // namespace plumb::graph
