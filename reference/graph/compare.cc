#include "reference/graph/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "reference/graph/operators.h"

namespace plumb::graph {
namespace {

class Comparison {
 public:
  Comparison(const Graph& a, const Graph& b) : a_(a), b_(b) {
    number_inputs(a, inputs_a_);
    number_inputs(b, inputs_b_);
  }

  std::string difference() {
    if (a_.outputs.size() != b_.outputs.size())
      return fmt::format("{} outputs, and {}", a_.outputs.size(), b_.outputs.size());
    for (std::size_t i = 0; i < a_.outputs.size(); ++i) pending_.emplace_back(a_.outputs[i], b_.outputs[i]);
    while (!pending_.empty()) {
      const auto [a, b] = pending_.back();
      pending_.pop_back();
      if (!seen_.emplace(a, b).second) continue;
      std::string found = compare(a, b);
      if (!found.empty()) return fmt::format("'{}' and '{}': {}", a_.at(a).name, b_.at(b).name, found);
    }
    return "";
  }

 private:
  static void number_inputs(const Graph& graph, std::map<int, int>& numbers) {
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
      if (!graph.nodes[i].removed && graph.nodes[i].kind == Kind::input)
        numbers.emplace(static_cast<int>(i), static_cast<int>(numbers.size()));
    }
  }

  static bool same_type(const Type& a, const Type& b) {
    if (a.element != b.element || a.shape.size() != b.shape.size()) return false;
    for (std::size_t i = 0; i < a.shape.size(); ++i) {
      if (a.shape[i] != b.shape[i] && a.shape[i] != -1 && b.shape[i] != -1) return false;
    }
    return true;
  }

  std::string compare(Ref a, Ref b) {
    const Node &x = a_.at(a), &y = b_.at(b);
    if (a.result != b.result) return fmt::format("result {}, and {}", a.result, b.result);
    if (x.kind != y.kind || x.op != y.op) return fmt::format("{}, and {}", text(x), text(y));
    if (!same_type(a_.type(a), b_.type(b)))
      return fmt::format("{}, and {}", to_string(a_.type(a)), to_string(b_.type(b)));
    if (x.kind == Kind::input) return inputs_a_[a.node] == inputs_b_[b.node] ? "" : "different inputs";
    if (x.kind == Kind::constant) {
      const bool same = x.constant == y.constant ||
                        (x.constant != nullptr && y.constant != nullptr && same_constant(*x.constant, *y.constant));
      return same ? "" : "different bytes";
    }
    std::set<std::string> names;
    if (const Operator* op = find_operator(x.op)) names.insert(op->parameters.begin(), op->parameters.end());
    for (const Node* node : {&x, &y}) {
      for (const auto& [name, argument] : node->named) names.insert(name);
    }
    for (const std::string& name : names) {
      if (name == "version") continue;
      std::string found = compare(argument_named(x, name), argument_named(y, name));
      if (!found.empty()) return fmt::format("argument {}: {}", name, found);
    }
    return "";
  }

  static std::string text(const Node& node) {
    return node.kind == Kind::input ? "an input" : node.kind == Kind::constant ? "a constant" : node.op;
  }

  // NOLINTNEXTLINE(misc-no-recursion): as deep as lists are.
  std::string compare(const Argument& a, const Argument& b) {
    if (a.ref() != nullptr && b.ref() != nullptr) {
      pending_.emplace_back(*a.ref(), *b.ref());
      return "";
    }
    const auto *x = std::get_if<List>(&a.value), *y = std::get_if<List>(&b.value);
    if (x == nullptr || y == nullptr) return a == b || equal_numbers(a, b) ? "" : "different values";
    if (x->size() != y->size()) return "lists of different length";
    for (std::size_t i = 0; i < x->size(); ++i) {
      std::string found = compare((*x)[i], (*y)[i]);
      if (!found.empty()) return found;
    }
    return "";
  }

  static bool equal_numbers(const Argument& a, const Argument& b) {
    const auto number = [](const Argument& argument) -> std::optional<double> {
      if (const auto* integer = std::get_if<std::int64_t>(&argument.value)) return static_cast<double>(*integer);
      if (const auto* value = std::get_if<double>(&argument.value)) return *value;
      return std::nullopt;
    };
    return number(a) && number(a) == number(b);
  }

  const Graph &a_, &b_;
  std::map<int, int> inputs_a_, inputs_b_;
  std::vector<std::pair<Ref, Ref>> pending_;
  std::set<std::pair<Ref, Ref>> seen_;
};

}  // namespace

bool same_constant(const Constant& a, const Constant& b) {
  if (a.type != b.type) return false;
  return a.bytes.data() == b.bytes.data() || std::ranges::equal(a.bytes, b.bytes);
}

std::string difference(const Graph& a, const Graph& b) { return Comparison(a, b).difference(); }

}  // namespace plumb::graph
