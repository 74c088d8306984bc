#include "reference/rewrite/trace.h"

#include <fmt/format.h>

#include <cmath>

namespace plumb::graph {

namespace {

bool returns_its_input(const Editor& editor, const Node& node) {
  if (node.arguments.empty() || node.arguments[0].ref() == nullptr) return false;
  if (node.op.starts_with("aten::to.")) return node.results.at(0) == editor.graph().type(*node.arguments[0].ref());
  return node.op == "aten::detach" || node.op == "aten::detach_" || node.op == "aten::alias" ||
         node.op == "aten::clone" || node.op == "aten::lift_fresh_copy";
}

}  // namespace

std::optional<Ref> traced(const Editor& editor, const Argument& argument) {
  if (argument.ref() == nullptr) return std::nullopt;
  Ref ref = *argument.ref();
  for (std::size_t steps = 0; steps < editor.graph().nodes.size(); ++steps) {
    const Node& node = editor.node(ref);
    if (!returns_its_input(editor, node)) return ref;
    ref = *node.arguments[0].ref();
  }
  return ref;
}

std::optional<Ref> traced(const Editor& editor, const Node& node, std::string_view argument) {
  return traced(editor, argument_named(node, argument));
}

const Constant* constant_at(const Editor& editor, const std::optional<Ref>& ref) {
  return ref && editor.node(*ref).kind == Kind::constant ? editor.node(*ref).constant.get() : nullptr;
}

std::optional<double> number_at(const Editor& editor, const Argument& argument) {
  if (const auto* integer = std::get_if<std::int64_t>(&argument.value)) return static_cast<double>(*integer);
  if (const auto* number = std::get_if<double>(&argument.value)) return *number;
  const Constant* constant = constant_at(editor, traced(editor, argument));
  if (constant == nullptr || constant->size() != 1) return std::nullopt;
  return constant->at(0);
}

std::optional<double> number_or(const Editor& editor, const Argument& argument, double absent) {
  return argument.is_none() ? absent : number_at(editor, argument);
}

bool is_dequantize(const Node& node) { return node.op.find("::dequantize_") != std::string::npos; }

std::optional<std::int64_t> integer_at(const Editor& editor, const Argument& argument) {
  const std::optional<double> number = number_at(editor, argument);
  if (!number || !(std::abs(*number) < 0x1p31) || *number != std::floor(*number)) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

std::optional<std::vector<std::int64_t>> integers_at(const Editor& editor, const Argument& argument) {
  std::vector<std::int64_t> result;
  if (const auto* list = std::get_if<List>(&argument.value)) {
    for (const Argument& item : *list) {
      const auto* integer = std::get_if<std::int64_t>(&item.value);
      if (integer == nullptr) return std::nullopt;
      result.push_back(*integer);
    }
    return result;
  }
  const Constant* constant = constant_at(editor, traced(editor, argument));
  if (constant == nullptr || constant->size() > 64) return std::nullopt;
  for (std::int64_t i = 0; i < constant->size(); ++i) {
    if (!(std::abs(constant->at(i)) < 0x1p53)) return std::nullopt;
    result.push_back(static_cast<std::int64_t>(constant->at(i)));
  }
  return result;
}

bool all_zero(const Constant& constant) {
  for (std::int64_t i = 0; i < constant.size(); ++i) {
    if (!(constant.at(i) == 0)) return false;
  }
  return true;
}

std::string named(const Editor& editor, const std::optional<Ref>& ref) {
  return ref ? fmt::format("'{}'", editor.node(*ref).name) : "no tensor";
}

}  // namespace plumb::graph
