#include "reference/graph/interpreter.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "reference/error.h"

namespace plumb::graph {
namespace {

void check_shape(const Type& recorded, const Values& got) {
  bool fits = recorded.shape.size() == got.shape.size() && recorded.element == got.element;
  for (std::size_t i = 0; fits && i < got.shape.size(); ++i)
    fits = recorded.shape[i] == -1 || recorded.shape[i] == got.shape[i];
  if (!fits) {
    throw Error(fmt::format("the graph records {}, its value is {}", to_string(recorded),
                            to_string(Type{got.element, got.shape})));
  }
}

std::vector<Values> evaluate(const Graph& graph, const Node& node, const std::vector<std::vector<Values>>& values,
                             Precision precision) {
  try {
    if (node.kind == Kind::constant) {
      if (node.constant == nullptr) throw Error(fmt::format("parameter '{}' has no bytes", node.parameter));
      return {values_of(*node.constant)};
    }
    const Operator* op = find_operator(node.op);
    if (op == nullptr) throw Error("the interpreter does not know this operator");
    std::vector<Values> results = op->evaluate(Call(graph, node, values, precision));
    if (results.size() != node.results.size())
      throw Error(fmt::format("has {} results, the graph records {}", results.size(), node.results.size()));
    for (std::size_t i = 0; i < results.size(); ++i) check_shape(node.results[i], results[i]);
    return results;
  } catch (const Error& error) {
    throw Error(fmt::format("node '{}'{}: {}", node.name, node.op.empty() ? "" : " (" + node.op + ")", error.what()));
  }
}

// torch's names: "aten::add_.Tensor" changes its first argument.
bool is_in_place(std::string_view op) {
  const std::string_view name = op.substr(0, op.find('.'));
  return name.starts_with("aten::") && name.ends_with('_') && !name.ends_with("__") && name != "aten::detach_";
}

// Each node has a value of its own here, so that what is changed in place must be nobody else's: no other node reads
// it, or what it is a view of.
void check_changed_in_place(const Graph& graph, const Readers& readers, const Node& node) {
  for (const Ref* self = argument_named(node, "self").ref(); self != nullptr;) {
    const Node& changed = graph.at(*self);
    const auto refuse = [&](std::string_view why) {
      throw Error(fmt::format("node '{}' ({}): changes '{}' in place, {}", node.name, node.op, changed.name, why));
    };
    if (changed.kind == Kind::input) refuse("which is an input");
    if (changed.kind == Kind::constant) refuse("which is a constant");
    if (readers[static_cast<std::size_t>(self->node)].size() > 1) refuse("which is read more than once");
    const Operator* op = find_operator(changed.op);
    const bool is_view = op != nullptr && op->memory == Memory::perhaps_of_first_argument;
    self = is_view ? argument_named(changed, "self").ref() : nullptr;
  }
}

// What a conversion is told to convert to; without that, the type stays as it is. TorchScript also tells it by number.
std::string wanted_type(const Graph& graph, const Node& node) {
  const Argument& given = argument_named(node, node.op == "ov::Convert" ? "destination_type" : "dtype");
  if (const auto* element = std::get_if<Element>(&given.value)) return std::string(to_string(*element));
  if (const auto* code = std::get_if<std::int64_t>(&given.value)) {
    for (const ElementInfo& type : all_elements()) {
      if (*code >= 0 && type.torch_code == *code) return std::string(type.name);
    }
  }
  const Ref* from = argument_named(node, "self").ref();
  return given.is_none() && from != nullptr ? std::string(to_string(graph.type(*from).element)) : "no element type";
}

class Interpreter {
 public:
  Interpreter(const Graph& graph, Precision precision)
      : graph_(graph), precision_(precision), left_(graph.nodes.size(), 0), values_(graph.nodes.size()) {
    const Readers readers = readers_of(graph);
    for (std::size_t i = 0; i < readers.size(); ++i) left_[i] = static_cast<int>(readers[i].size());
    for (const Node& node : graph.nodes) {
      if (!node.removed && is_in_place(node.op)) check_changed_in_place(graph, readers, node);
    }
  }

  void set_input(int node, Values values) { values_[static_cast<std::size_t>(node)] = {std::move(values)}; }

  void step(int i) {
    const Node& node = graph_.nodes[static_cast<std::size_t>(i)];
    if (node.kind != Kind::input) values_[static_cast<std::size_t>(i)] = evaluate(graph_, node, values_, precision_);
    for_each_input(node, [&](const Ref& ref) {
      if (--left_[static_cast<std::size_t>(ref.node)] == 0) values_[static_cast<std::size_t>(ref.node)].clear();
    });
  }

  [[nodiscard]] const Values& at(Ref ref) const {
    return values_[static_cast<std::size_t>(ref.node)][static_cast<std::size_t>(ref.result)];
  }

 private:
  const Graph& graph_;
  Precision precision_;
  std::vector<int> left_;  ///< Readings that are still to come.
  std::vector<std::vector<Values>> values_;
};

}  // namespace

std::vector<Values> run(const Graph& graph, std::span<const Values> inputs, Precision precision) {
  const std::vector<int> order = sorted(graph);
  Interpreter interpreter(graph, precision);
  std::size_t next = 0;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    if (node.kind != Kind::input || node.removed) continue;
    if (next == inputs.size()) throw Error(fmt::format("input '{}' is not given", node.name));
    check_shape(node.results.at(0), inputs[next]);
    interpreter.set_input(static_cast<int>(i), inputs[next++]);
  }
  if (next != inputs.size()) throw Error(fmt::format("{} inputs are given for {}", inputs.size(), next));
  for (const int i : order) interpreter.step(i);
  std::vector<Values> outputs;
  for (const Ref& ref : graph.outputs) outputs.push_back(interpreter.at(ref));
  return outputs;
}

std::vector<std::pair<std::string, std::string>> unknown_operators(const Graph& graph) {
  std::map<std::string, std::string> unknown;
  for (const Node& node : graph.nodes) {
    if (!node.removed && node.kind == Kind::call && find_operator(node.op) == nullptr)
      unknown.emplace(node.op, node.name);
  }
  return {unknown.begin(), unknown.end()};
}

std::vector<std::string> contradictory_conversions(const Graph& graph) {
  constexpr std::string_view kConversions[] = {"aten::to.dtype", "aten::to.device", "aten::_to_copy",
                                               "dim_order_ops::_to_dim_order_copy", "ov::Convert"};
  std::vector<std::string> found;
  for (const Node& node : graph.nodes) {
    const bool converts = !node.removed && node.kind == Kind::call && std::ranges::count(kConversions, node.op) > 0;
    if (!converts || node.results.size() != 1) continue;
    const std::string wanted = wanted_type(graph, node);
    if (wanted == to_string(node.results[0].element)) continue;
    found.push_back(fmt::format("node '{}' ({}): converts to {}, but its result is recorded as {}", node.name, node.op,
                                wanted, to_string(node.results[0].element)));
  }
  return found;
}

Values constant_value(const Graph& graph, Ref ref, Precision precision) {
  Graph part = graph;
  part.outputs = {ref};
  remove_dead(part);
  for (Node& node : part.nodes) node.removed = node.removed || node.kind == Kind::input;
  return run(part, {}, precision)[0];
}

}  // namespace plumb::graph
