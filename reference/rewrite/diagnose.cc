#include "reference/rewrite/diagnose.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reference/error.h"
#include "reference/rewrite/trace.h"

namespace plumb::graph {
namespace {

struct Mistake {
  std::string text;
  Graph graph;
};

// Position of an argument in `arguments`, or the named one.
Argument* argument_slot(Node& node, std::string_view name) {
  const auto named = node.named.find(std::string(name));
  if (named != node.named.end()) return &named->second;
  const Operator* op = find_operator(node.op);
  for (std::size_t i = 0; op != nullptr && i < op->parameters.size() && i < node.arguments.size(); ++i) {
    if (op->parameters[i] == name) return &node.arguments[i];
  }
  return nullptr;
}

std::string parameter_name(const Graph& graph, const Argument& argument) {
  const Ref* ref = argument.ref();
  if (ref == nullptr) return "?";
  const Node& node = graph.at(*ref);
  return node.parameter.empty() ? node.name : node.parameter;
}

// Quotes around names are the caller's, as there may be several.
std::string captured_text(const std::string& scales, const std::string& owners, const std::string& readers) {
  return fmt::format(
      "scales '{}' of {} were transposed in place although {} had captured them and reads them as they were", scales,
      owners, readers);
}

// The layer that reads the weight which a dequantize gives: what users know it by.
std::string reader_name(const Graph& graph, int node) {
  for (int steps = 0; steps < 4; ++steps) {
    const Readers readers = readers_of(graph);
    const std::vector<int>& next = readers[static_cast<std::size_t>(node)];
    if (next.empty() || next[0] < 0) break;
    node = next[0];
    const std::string& op = graph.nodes[static_cast<std::size_t>(node)].op;
    if (op == "aten::embedding" || op == "aten::linear" || op == "aten::mm" || op == "aten::addmm") break;
  }
  return graph.nodes[static_cast<std::size_t>(node)].name;
}

class Mistakes {
 public:
  explicit Mistakes(const Graph& before) : before_(before) {
    for (std::size_t i = 0; i < before.nodes.size(); ++i) {
      if (before.nodes[i].removed || before.nodes[i].kind != Kind::call) continue;
      at_ = static_cast<int>(i);
      dropped();
      ignored_arguments();
      transposed_scales();
      transposed_operand();
      other_axis();
    }
    combine_scales();
    skipped_roundings();
  }

  std::vector<Mistake> all;

 private:
  const Node& node() const { return before_.nodes[static_cast<std::size_t>(at_)]; }
  Node& node_in(Graph& graph) const { return graph.nodes[static_cast<std::size_t>(at_)]; }

  // The step returns its first tensor as it is.
  void dropped() {
    for (const char* name : {"self", "input"}) {
      const Ref* from = argument_named(node(), name).ref();
      if (from == nullptr || node().results.size() != 1 || before_.type(*from) != node().results[0]) continue;
      Graph graph = before_;
      Node copy = node();
      node_in(graph).op = "aten::alias";
      node_in(graph).arguments = {{*from}};
      node_in(graph).named.clear();
      all.push_back({fmt::format("step '{}' ({}) was dropped", copy.name, copy.op), std::move(graph)});
    }
  }

  void without(std::string_view name, Argument value, const std::string& text) {
    Graph graph = before_;
    Argument* slot = argument_slot(node_in(graph), name);
    if (slot == nullptr || slot->is_none() || *slot == value) return;
    *slot = std::move(value);
    all.push_back({text, std::move(graph)});
  }

  void ignored_arguments() {
    for (const char* name : {"zero_point", "zero_points"}) {
      const std::string parameter = parameter_name(before_, argument_named(node(), name));
      without(name, {}, fmt::format("the zero points of '{}' ('{}') were ignored", node().name, parameter));
    }
    for (const char* name : {"alpha", "beta"})
      without(name, {1.0}, fmt::format("{} of '{}' was ignored", name, node().name));
    if (node().op == "aten::linear") without("bias", {}, fmt::format("the bias of '{}' was dropped", node().name));
    if (node().op == "aten::addmm") without("beta", {0.0}, fmt::format("the bias of '{}' was dropped", node().name));
  }

  // The scales of a dequantize as their transpose's bytes, which another layer's rewrite left in their place.
  bool turn_scales(Graph& graph, int at) const {
    Node& target = graph.nodes[static_cast<std::size_t>(at)];
    Argument* slot = argument_slot(target, "scale");
    if (slot == nullptr || slot->ref() == nullptr) return false;
    const Node& scales = graph.at(*slot->ref());
    if (scales.constant == nullptr || scales.constant->type.shape.size() != 2) return false;
    const Values values = values_of(*scales.constant);
    const std::int64_t n = values.shape[0], g = values.shape[1];
    const Values turned = gathered(values, values.shape, [&](std::size_t i) {
      const auto flat = static_cast<std::int64_t>(i);
      return static_cast<std::size_t>(flat % n * g + flat / n);
    });
    Node made{.name = scales.name + "_turned", .kind = Kind::constant};
    made.constant = constant_of(turned);
    made.results = {made.constant->type};
    const Ref ref = graph.add(std::move(made));
    *argument_slot(graph.nodes[static_cast<std::size_t>(at)], "scale") = {ref};
    return true;
  }

  void transposed_scales() {
    if (!is_dequantize(node())) return;
    Graph graph = before_;
    if (!turn_scales(graph, at_)) return;
    turned_.push_back(at_);
    all.push_back({scales_text({at_}), std::move(graph)});
  }

  // Who else reads the parameter decides how the mistake came about.
  std::string scales_text(const std::vector<int>& wrong) const {
    std::string readers, others;
    const std::string parameter =
        parameter_name(before_, argument_named(before_.nodes[static_cast<std::size_t>(wrong[0])], "scale"));
    for (std::size_t i = 0; i < before_.nodes.size(); ++i) {
      const Node& one = before_.nodes[i];
      if (one.removed || !is_dequantize(one) || parameter_name(before_, argument_named(one, "scale")) != parameter)
        continue;
      const bool is_wrong = std::ranges::find(wrong, static_cast<int>(i)) != wrong.end();
      std::string& list = is_wrong ? readers : others;
      list += fmt::format("{}'{}'", list.empty() ? "" : ", ", reader_name(before_, static_cast<int>(i)));
    }
    if (others.empty()) return fmt::format("scales '{}' are read transposed by {}", parameter, readers);
    return captured_text(parameter, others, readers);
  }

  // Both readers of tied scales wrong at once.
  void combine_scales() {
    if (turned_.size() < 2) return;
    Graph graph = before_;
    for (const int at : turned_) (void)turn_scales(graph, at);
    all.push_back({scales_text(turned_), std::move(graph)});
  }

  // Constants folded in f32 what the graph computes in f16 or bf16.
  void skipped_roundings() {
    for (const Element half : {Element::f16, Element::bf16}) {
      Graph graph = before_;
      bool any = false;
      for (Node& one : graph.nodes) {
        for (Type& type : one.results) {
          if (one.kind != Kind::call || type.element != half) continue;
          type.element = Element::f32;
          any = true;
        }
      }
      if (any) all.push_back({fmt::format("roundings to {} were skipped", to_string(half)), std::move(graph)});
    }
  }

  void transposed_operand() {
    if (node().op != "aten::mm" && node().op != "aten::addmm") return;
    const Ref* from = argument_named(node(), "mat2").ref();
    if (from == nullptr || before_.type(*from).shape.size() != 2 ||
        before_.type(*from).shape[0] != before_.type(*from).shape[1])
      return;
    Graph graph = before_;
    Node turn{
        .name = node().name + "_turned", .op = "aten::t", .arguments = {{*from}}, .results = {before_.type(*from)}};
    const std::string text = fmt::format("'{}' multiplies by {}, which is no transpose, as if it were one", node().name,
                                         graph.at(*from).name);
    const Ref ref = graph.add(std::move(turn));
    *argument_slot(node_in(graph), "mat2") = {ref};
    all.push_back({text, std::move(graph)});
  }

  // stack along another axis, its result taken for the one that the graph records.
  void other_axis() {
    if (node().op != "aten::stack") return;
    const auto rank = static_cast<std::int64_t>(node().results[0].shape.size());
    const Argument* given = &argument_named(node(), "dim");
    const auto* dim = std::get_if<std::int64_t>(&given->value);
    const std::int64_t own = dim == nullptr ? 0 : *dim < 0 ? *dim + rank : *dim;
    for (std::int64_t axis = 0; axis < rank; ++axis) {
      if (axis == own) continue;
      Graph graph = before_;
      Node stack = node();
      stack.name += "_other_axis";
      stack.arguments.resize(1);
      stack.named["dim"] = {axis};
      Shape shape = stack.results[0].shape;
      const std::int64_t count = shape[static_cast<std::size_t>(own)];
      shape.erase(shape.begin() + own);
      shape.insert(shape.begin() + axis, count);
      List dims;
      for (const std::int64_t one : node().results[0].shape) dims.push_back({one});
      stack.results[0].shape = shape;
      const Ref ref = graph.add(std::move(stack));
      node_in(graph).op = "aten::reshape";
      node_in(graph).arguments = {{ref}, {dims}};
      node_in(graph).named.clear();
      all.push_back(
          {fmt::format("'{}' was fused as if it stacked along axis {}", node().name, axis), std::move(graph)});
    }
  }

  const Graph& before_;
  int at_ = 0;
  std::vector<int> turned_;
};

// Whether the graph after gives what the mistake gives, on every trial.
bool explains(const Graph& mistake, const Graph& after, const std::vector<Trial>& trials) {
  try {
    const Proof proof = prove(mistake, after, Equivalence::bounded, trials);
    const bool same = std::ranges::none_of(
        proof.faults, [](const std::string& fault) { return fault.find("element type") == std::string::npos; });
    return same && proof.trials > 0;
  } catch (const Error&) {
    return false;
  }
}

// Parameters that were given another layout although a reader that takes them as they were is still there.
void changed_under_readers(const Graph& before, const Graph& after, std::vector<std::string>& found) {
  std::map<std::string, std::string> origins;
  for (const ConstantLine& line : account_constants(before, after).lines) origins[line.name] = line.origin;
  const Readers readers = readers_of(after);
  for (std::size_t i = 0; i < after.nodes.size(); ++i) {
    const Node& node = after.nodes[i];
    if (node.removed || node.constant == nullptr || node.parameter.empty()) continue;
    const std::string origin = origins[node.parameter];
    if (!origin.starts_with(fmt::format("'{}'", node.parameter)) || origin.ends_with(", kept")) continue;
    for (const int reader : readers[i]) {
      const Node* one = reader < 0 ? nullptr : &after.nodes[static_cast<std::size_t>(reader)];
      if (one != nullptr && (one->op.starts_with("et_vk::") || before.find(one->name) < 0)) continue;
      found.push_back(fmt::format("weight '{}' was packed in place although {} still reads it as it was",
                                  node.parameter,
                                  one == nullptr ? "an output of the graph" : fmt::format("'{}'", one->name)));
    }
  }
}

// Scales that were turned for linear layers, and that an embedding takes as they were. Where they are not square the
// graph after cannot be run, so that no mistake gives what it gives.
void turned_under_embeddings(const Graph& before, const Graph& after, std::vector<std::string>& found) {
  std::map<std::string, std::string> others;  ///< By parameter.
  std::vector<std::pair<std::string, std::string>> embeddings;
  for (const Node& node : after.nodes) {
    if (node.removed || !node.op.starts_with("et_vk::")) continue;
    const std::string parameter = parameter_name(after, argument_named(node, "weight_scales"));
    if (parameter.empty()) continue;
    if (node.op == "et_vk::embedding_q4gsw") {
      embeddings.emplace_back(node.name, parameter);
    } else {
      std::string& list = others[parameter];
      list += fmt::format("{}'{}'", list.empty() ? "" : ", ", node.name);
    }
  }
  const Account account = account_constants(before, after);
  for (const auto& [name, parameter] : embeddings) {
    const bool turned = std::ranges::any_of(account.lines, [&](const ConstantLine& line) {
      return line.name == parameter && line.origin == fmt::format("'{}' transposed", parameter);
    });
    if (turned && others.contains(parameter))
      found.push_back(captured_text(parameter, others.at(parameter), fmt::format("'{}'", name)));
  }
}

}  // namespace

std::vector<std::string> causes(const Graph& before, const Graph& after, const std::vector<Trial>& trials) {
  std::vector<std::string> found;
  changed_under_readers(before, after, found);
  if (before.nodes.size() > 2000) return found;
  for (const Mistake& mistake : Mistakes(before).all) {
    if (explains(mistake.graph, after, trials)) found.push_back(mistake.text);
  }
  if (found.empty()) turned_under_embeddings(before, after, found);
  return found;
}

}  // namespace plumb::graph
