#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <unordered_map>

#include "reference/error.h"
#include "reference/graph/file_replacement.h"
#include "reference/graph/graph_json.h"

namespace plumb::graph {
namespace {

using Json = nlohmann::ordered_json;

class JsonWriter {
 public:
  JsonWriter(const Graph& graph, const std::filesystem::path& path, const JsonOptions& options)
      : graph_(graph), path_(path), options_(options) {}

  void write() {
    const std::vector<int> order = sorted(graph_);
    choose_place(order);
    check_links(order);
    FileReplacement text_file(path_);
    std::ostream& out = text_file.out();
    out << "{\"format\":\"plumbline-graph/1\",\"name\":" << text(Json(graph_.name)) << ",\"nodes\":[\n";
    for (const int i : order) {
      const Node& node = graph_.nodes[static_cast<std::size_t>(i)];
      out << text(json_of(node)) << ",\n";
      for (std::size_t k = 0; node.results.size() > 1 && k < node.results.size(); ++k) {
        out << text(getitem(node, k)) << ",\n";
      }
    }
    out << text(output()) << "\n]}\n";
    if (bytes_) bytes_->finish();
    text_file.finish();
    if (bytes_) bytes_->commit();
    text_file.commit();
  }

 private:
  // Names may hold any bytes.
  static std::string text(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

  [[nodiscard]] bool is_linked(const Constant& constant) const {
    return options_.link_mapped && !constant.file.empty();
  }

  void choose_place(const std::vector<int>& order) {
    std::int64_t total = 0;
    for (const int i : order) {
      const Node& node = graph_.nodes[static_cast<std::size_t>(i)];
      if (node.constant == nullptr || is_linked(*node.constant)) continue;
      total += static_cast<std::int64_t>(node.constant->bytes.size());
    }
    if (total <= options_.inline_bytes) return;
    std::filesystem::path bytes_path = path_;
    bytes_path += ".bin";
    bytes_.emplace(std::move(bytes_path));
  }

  // A constant that stays where it is would be lost with a file that is replaced.
  void check_links(const std::vector<int>& order) const {
    for (const int i : order) {
      const ConstantRef& constant = graph_.nodes[static_cast<std::size_t>(i)].constant;
      if (constant == nullptr || !is_linked(*constant)) continue;
      for (const std::filesystem::path& replaced : {path_, bytes_ ? bytes_->path() : path_}) {
        std::error_code missing;
        if (!std::filesystem::equivalent(constant->file, replaced, missing)) continue;
        throw Error(fmt::format("{}: is a file that constants stay in; choose another name, or have them copied",
                                replaced.string()));
      }
    }
  }

  Json json_of(const Node& node) {
    Json entry{{"name", node.name}, {"op", node.kind == Kind::call ? "call_function" : "placeholder"}};
    entry["target"] = node.kind == Kind::call ? node.op : node.name;
    entry["args"] = Json::array();
    for (const Argument& argument : node.arguments) entry["args"].push_back(json_of(argument));
    for (const auto& [key, argument] : node.named) entry["kwargs"][key] = json_of(argument);
    if (node.kind != Kind::call) {
      entry["kind"] = node.kind == Kind::input ? "USER_INPUT" : node.role.empty() ? "CONSTANT_TENSOR" : node.role;
      entry["fqn"] = node.parameter.empty() ? Json() : Json(node.parameter);
    }
    entry["value"] = node.results.size() == 1 ? json_of(node.results[0]) : Json::array();
    for (std::size_t k = 0; node.results.size() > 1 && k < node.results.size(); ++k) {
      entry["value"].push_back(json_of(node.results[k]));
    }
    if (!node.marks.empty()) entry["marks"] = node.marks;
    if (node.constant != nullptr) entry["data"] = data_of(node);
    return entry;
  }

  static Json json_of(const Type& type) { return {{"shape", type.shape}, {"dtype", info(type.element).torch_name}}; }

  std::string name_of(Ref ref) const {
    const Node& node = graph_.at(ref);
    return node.results.size() > 1 ? fmt::format("{}_getitem_{}", node.name, ref.result) : node.name;
  }

  // NOLINTNEXTLINE(misc-no-recursion): as deep as the argument.
  Json json_of(const Argument& argument) const {
    const auto& value = argument.value;
    if (const auto* flag = std::get_if<bool>(&value)) return *flag;
    if (const auto* integer = std::get_if<std::int64_t>(&value)) return *integer;
    if (const auto* number = std::get_if<double>(&value)) return {{"float", fmt::format("{}", *number)}};
    if (const auto* text = std::get_if<std::string>(&value)) {
      if (text->starts_with('<')) return {{"other", text->substr(1, text->size() - 2)}};
      return *text;
    }
    if (const auto* element = std::get_if<Element>(&value)) return {{"dtype", info(*element).torch_name}};
    if (const auto* ref = std::get_if<Ref>(&value)) return {{"node", name_of(*ref)}};
    if (const auto* list = std::get_if<List>(&value)) {
      Json items = Json::array();
      for (const Argument& item : *list) items.push_back(json_of(item));
      return {{"list", items}};
    }
    return nullptr;
  }

  Json getitem(const Node& node, std::size_t k) const {
    return {{"name", fmt::format("{}_getitem_{}", node.name, k)},
            {"op", "call_function"},
            {"target", "getitem"},
            {"args", Json::array({Json{{"node", node.name}}, k})},
            {"value", json_of(node.results[k])}};
  }

  Json output() const {
    Json refs = Json::array(), types = Json::array();
    for (const Ref& ref : graph_.outputs) {
      refs.push_back({{"node", name_of(ref)}});
      types.push_back(json_of(graph_.type(ref)));
    }
    return {{"name", "output"},
            {"op", "output"},
            {"target", "output"},
            {"args", Json::array({Json{{"list", refs}}})},
            {"value", types}};
  }

  Json data_of(const Node& node) {
    const Constant& constant = *node.constant;
    if (is_linked(constant)) {
      return {{"file", std::filesystem::absolute(constant.file).string()},
              {"offset", constant.offset},
              {"size", constant.bytes.size()}};
    }
    const auto [first, is_new] = written_.emplace(&constant, node.name);
    if (!is_new) return {{"as", first->second}};
    if (!bytes_) {
      std::string hex;
      for (const std::byte byte : constant.bytes) hex += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
      return {{"hex", hex}};
    }
    const std::uint64_t offset = next_;
    bytes_->out().write(reinterpret_cast<const char*>(constant.bytes.data()),
                        static_cast<std::streamsize>(constant.bytes.size()));
    next_ += constant.bytes.size();
    return {{"file", bytes_->path().filename().string()}, {"offset", offset}, {"size", constant.bytes.size()}};
  }

  const Graph& graph_;
  const std::filesystem::path& path_;
  const JsonOptions& options_;
  std::optional<FileReplacement> bytes_;
  std::uint64_t next_ = 0;
  std::unordered_map<const Constant*, std::string> written_;
};

}  // namespace

void write_graph_json(const Graph& graph, const std::filesystem::path& path, const JsonOptions& options) {
  JsonWriter(graph, path, options).write();
}

}  // namespace plumb::graph
