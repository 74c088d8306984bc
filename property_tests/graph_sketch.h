// Small graphs for properties of rewrites, in a few words.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "reference/graph/graph.h"

namespace plumb::graph {

/// Appends nodes with names that count up.
class Sketch {
 public:
  Sketch() = default;
  explicit Sketch(Graph begun) : graph(std::move(begun)) {}

  Ref input(const std::string& name, Element element, Shape shape) {
    return graph.add({.name = name, .kind = Kind::input, .results = {{element, std::move(shape)}}});
  }
  /// A parameter; the values are repeated as often as its shape needs.
  Ref parameter(const std::string& name, Element element, Shape shape, const std::vector<double>& values) {
    std::vector<double> all(static_cast<std::size_t>(element_count(shape)));
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = values[i % values.size()];
    const ConstantRef constant = constant_of(element, std::move(shape), all);
    return graph.add({.name = "p_" + name,
                      .kind = Kind::constant,
                      .results = {constant->type},
                      .constant = constant,
                      .parameter = name,
                      .role = "PARAMETER"});
  }
  Ref call(const std::string& op, std::vector<Argument> arguments, Element element, Shape shape) {
    return graph.add({.name = "n" + std::to_string(graph.nodes.size()),
                      .op = op,
                      .arguments = std::move(arguments),
                      .results = {{element, std::move(shape)}}});
  }
  static Argument list(const std::vector<std::int64_t>& values) {
    List result;
    for (const std::int64_t value : values) result.push_back({value});
    return {std::move(result)};
  }

  Graph graph = {"sketch", {}, {}};
};

}  // namespace plumb::graph
