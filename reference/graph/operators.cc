#include "reference/graph/operators.h"

#include <fmt/format.h>

#include <cmath>
#include <unordered_map>

#include "reference/error.h"

namespace plumb::graph {
namespace {

const std::unordered_map<std::string_view, Operator>& table() {
  static const auto operators = [] {
    std::unordered_map<std::string_view, Operator> all;
    for (const auto family :
         {elementwise_operators, moving_operators, matrix_operators, quantising_operators, fused_operators}) {
      for (Operator& op : family()) {
        const std::string_view name = op.name;
        PLUMB_CHECK(all.emplace(name, std::move(op)).second);
      }
    }
    return all;
  }();
  return operators;
}

}  // namespace

const Operator* find_operator(std::string_view name) {
  const auto found = table().find(name);
  return found == table().end() ? nullptr : &found->second;
}

const Argument& argument_named(const Node& node, std::string_view name) {
  static const Argument none;
  const auto named = node.named.find(std::string(name));
  if (named != node.named.end()) return named->second;
  const Operator* op = find_operator(node.op);
  if (op == nullptr) return none;
  for (std::size_t i = 0; i < op->parameters.size() && i < node.arguments.size(); ++i) {
    if (op->parameters[i] == name) return node.arguments[i];
  }
  return none;
}

Element Call::element(std::size_t result) const {
  if (result >= node_.results.size()) throw Error("has fewer results than its operator");
  return node_.results[result].element;
}

const Argument& Call::argument(std::string_view name) const { return argument_named(node_, name); }

Values Call::tensor(std::string_view name) const {
  const Argument& given = argument(name);
  if (const Ref* ref = given.ref())
    return values_[static_cast<std::size_t>(ref->node)][static_cast<std::size_t>(ref->result)];
  if (given.is_none() || std::holds_alternative<List>(given.value))
    throw Error(fmt::format("argument '{}' is no tensor", name));
  Values scalar = values_of(std::holds_alternative<double>(given.value) ? Element::f64 : Element::i64, {});
  scalar.value[0] = number(name);
  return scalar;
}

std::vector<const Values*> Call::tensors(std::string_view name) const {
  const auto* list = std::get_if<List>(&argument(name).value);
  if (list == nullptr || list->empty()) throw Error(fmt::format("argument '{}' is no list of tensors", name));
  std::vector<const Values*> result;
  for (const Argument& item : *list) {
    if (item.ref() == nullptr) throw Error(fmt::format("argument '{}' is no list of tensors", name));
    result.push_back(
        &values_[static_cast<std::size_t>(item.ref()->node)][static_cast<std::size_t>(item.ref()->result)]);
  }
  return result;
}

double Call::number(std::string_view name, std::optional<double> otherwise) const {
  const Argument& given = argument(name);
  if (const auto* flag = std::get_if<bool>(&given.value)) return *flag ? 1 : 0;
  if (const auto* integer = std::get_if<std::int64_t>(&given.value)) return static_cast<double>(*integer);
  if (const auto* number = std::get_if<double>(&given.value)) return *number;
  if (given.ref() != nullptr) {
    const Values values = tensor(name);
    if (values.size() == 1) return values.value[0];
  }
  if (given.is_none() && otherwise) return *otherwise;
  throw Error(fmt::format("argument '{}' is no number", name));
}

std::int64_t Call::integer(std::string_view name, std::optional<std::int64_t> otherwise) const {
  if (argument(name).is_none() && otherwise) return *otherwise;
  if (const auto* whole = std::get_if<std::int64_t>(&argument(name).value)) return *whole;
  const double value = number(name);
  if (value != std::floor(value) || std::abs(value) > 0x1p62)
    throw Error(fmt::format("argument '{}' is no whole number", name));
  return static_cast<std::int64_t>(value);
}

std::vector<std::int64_t> Call::integers(std::string_view name) const {
  std::vector<std::int64_t> result;
  if (const auto* list = std::get_if<List>(&argument(name).value)) {
    for (const Argument& item : *list) {
      const auto* integer = std::get_if<std::int64_t>(&item.value);
      if (integer == nullptr) throw Error(fmt::format("argument '{}' is no list of whole numbers", name));
      result.push_back(*integer);
    }
    return result;
  }
  for (const double value : tensor(name).value) {
    if (!(std::abs(value) < 0x1p53)) throw Error(fmt::format("argument '{}' holds no whole numbers", name));
    result.push_back(static_cast<std::int64_t>(value));
  }
  return result;
}

bool Call::flag(std::string_view name, bool otherwise) const { return number(name, otherwise ? 1 : 0) != 0; }

double Call::rounded(Element element, double value) const {
  return precision_ == Precision::exact && info(element).is_float ? value : converted(element, value);
}

Values Call::finished(Values values) const {
  const bool rounds = precision_ == Precision::upstream && info(values.element).is_float;
  for (std::size_t i = 0; i < values.size(); ++i) {
    values.value[i] = rounded(values.element, values.value[i]);
    if (values.error.empty() || values.error[i] == 0 || !rounds) continue;
    const DType dtype = *info(values.element).dtype;
    values.error[i] += 2 * unit_roundoff(dtype) * (std::abs(values.value[i]) + values.error[i]) + min_subnormal(dtype);
  }
  return values;
}

}  // namespace plumb::graph
