// The operators that the interpreter knows: one table of names, arguments and meanings.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reference/graph/values.h"

namespace plumb::graph {

/// What numbers are rounded to.
enum class Precision {
  exact,     ///< Floating-point values stay doubles; integers are what they are.
  upstream,  ///< After each operation to the element type that the graph says, as upstream does.
};

/// One call while it is evaluated: the arguments by name, as the operator's table entry names them.
class Call {
 public:
  Call(const Graph& graph, const Node& node, const std::vector<std::vector<Values>>& values, Precision precision)
      : graph_(graph), node_(node), values_(values), precision_(precision) {}

  [[nodiscard]] Precision precision() const { return precision_; }
  [[nodiscard]] const Node& node() const { return node_; }
  /// Element type that the graph records for a result.
  [[nodiscard]] Element element(std::size_t result = 0) const;
  [[nodiscard]] const Argument& argument(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const { return !argument(name).is_none(); }
  /// A tensor, or a number as a tensor of rank 0. Throws Error naming the argument if it is neither.
  [[nodiscard]] Values tensor(std::string_view name) const;
  [[nodiscard]] std::vector<const Values*> tensors(std::string_view name) const;
  [[nodiscard]] double number(std::string_view name, std::optional<double> otherwise = std::nullopt) const;
  [[nodiscard]] std::int64_t integer(std::string_view name, std::optional<std::int64_t> otherwise = std::nullopt) const;
  /// A list of numbers, also as a constant tensor of rank 1.
  [[nodiscard]] std::vector<std::int64_t> integers(std::string_view name) const;
  [[nodiscard]] bool flag(std::string_view name, bool otherwise) const;

  /// Rounds to `element` if the precision asks for it; integers always wrap.
  [[nodiscard]] double rounded(Element element, double value) const;
  /// Rounds every element of a tensor to its type, and widens errors by that rounding where there are any.
  [[nodiscard]] Values finished(Values values) const;

 private:
  const Graph& graph_;
  const Node& node_;
  const std::vector<std::vector<Values>>& values_;
  Precision precision_;
};

/// Whose memory a result lies in, where operators change tensors in place.
enum class Memory { fresh, perhaps_of_first_argument };

/// An operator: its name, what its positional arguments are called, and its value.
struct Operator {
  std::string_view name;
  std::vector<std::string_view> parameters;
  std::vector<Values> (*evaluate)(const Call& call);
  Memory memory = Memory::fresh;
};

/// The families, a file each; all_operators puts them together.
[[nodiscard]] std::vector<Operator> elementwise_operators();
[[nodiscard]] std::vector<Operator> moving_operators();
[[nodiscard]] std::vector<Operator> matrix_operators();
[[nodiscard]] std::vector<Operator> quantising_operators();
[[nodiscard]] std::vector<Operator> fused_operators();

/// nullptr if the interpreter does not know it.
[[nodiscard]] const Operator* find_operator(std::string_view name);
/// The argument that an operator calls `name`, given by position or by name; none if it is not given or the operator is
/// unknown.
[[nodiscard]] const Argument& argument_named(const Node& node, std::string_view name);

}  // namespace plumb::graph
