// Tensors while a graph is interpreted: doubles, and how far what upstream computes may lie from them.
#pragma once

#include <functional>
#include <vector>

#include "reference/graph/graph.h"

namespace plumb::graph {

struct Values {
  Element element = Element::f64;
  Shape shape;
  std::vector<double> value;
  /// For each element, how far upstream's own value may lie from `value`, since it sums in another order. Empty: not at
  /// all.
  std::vector<double> error = {};

  [[nodiscard]] std::size_t size() const { return value.size(); }
  [[nodiscard]] double error_at(std::size_t i) const { return error.empty() ? 0 : error[i]; }
};

/// Room for a tensor. Throws Error if it has more than 2^28 elements: an interpreter is for small graphs.
[[nodiscard]] Values values_of(Element element, Shape shape);
[[nodiscard]] Values values_of(const Constant& constant);
[[nodiscard]] ConstantRef constant_of(const Values& values);

/// Elements of `from` put in the order that index(flat position in the result) says.
[[nodiscard]] Values gathered(const Values& from, Shape shape, const std::function<std::size_t(std::size_t)>& index);

/// The shape that both broadcast to, as numpy and torch do. Throws Error naming both if there is none.
[[nodiscard]] Shape broadcast(const Shape& a, const Shape& b);
/// Position in a tensor of shape `from` of the element that position `flat` of the wider `to` broadcasts from.
[[nodiscard]] std::size_t broadcast_index(std::size_t flat, const Shape& to, const Shape& from);

/// An axis counted from the front. Throws Error unless -rank <= axis < rank.
[[nodiscard]] std::size_t axis_of(std::int64_t axis, std::size_t rank);
/// A shape with one -1 filled in. Throws Error if the elements do not fit.
[[nodiscard]] Shape resolved_shape(Shape wanted, std::int64_t elements);

}  // namespace plumb::graph
