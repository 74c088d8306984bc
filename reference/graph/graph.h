// A graph of operators on tensors, small enough to read in one sitting: what importers make, rewrites change, the
// interpreter runs and exporters write.
//
// Operators are named as torch names them, "aten::add.Tensor" ("." and the overload unless it is the default one),
// those of OpenVINO "ov::MatMul". Which arguments an operator has is said by the table in operators.h.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "reference/graph/element.h"
#include "reference/tensor.h"

namespace plumb::graph {

/// Element type and shape of a tensor; a dimension of -1 is not known before it runs.
struct Type {
  Element element;
  Shape shape;
  friend bool operator==(const Type&, const Type&) = default;
};

/// "f32 [4, 40]"
[[nodiscard]] std::string to_string(const Type& type);

/// Whether strides (in elements) say row by row without gaps. An axis of one element may have any stride, and all may
/// where there is nothing. Throws Error unless there is a stride for each axis.
[[nodiscard]] bool is_dense(const Shape& shape, std::span<const std::int64_t> strides);

/// Bytes that never change. Two nodes that hold the same Constant share it: identity is the address. The bytes belong
/// to `keeper`, be it a mapped file or memory.
struct Constant {
  Type type;
  std::span<const std::byte> bytes;  ///< size_bytes(type.element, elements).
  std::shared_ptr<const void> keeper;
  /// Where the bytes lie in a file, if they are mapped from one.
  std::filesystem::path file = {};
  std::uint64_t offset = 0;

  [[nodiscard]] std::int64_t size() const { return element_count(type.shape); }
  [[nodiscard]] double at(std::int64_t index) const { return read_element(type.element, bytes, index); }
};
using ConstantRef = std::shared_ptr<const Constant>;

/// A constant that owns its bytes. Throws Error if their number does not fit.
[[nodiscard]] ConstantRef make_constant(Type type, std::vector<std::byte> bytes);
/// The same bytes under another element type or shape; identity is new, memory is shared.
[[nodiscard]] ConstantRef retyped(const ConstantRef& constant, Type type);
/// A constant of one element type from numbers.
[[nodiscard]] ConstantRef constant_of(Element element, Shape shape, std::span<const double> values);

/// One result of a node: by position in Graph::nodes, which never moves while a graph is rewritten.
struct Ref {
  int node = -1;
  int result = 0;
  friend auto operator<=>(const Ref&, const Ref&) = default;
};

struct Argument;
using List = std::vector<Argument>;
/// An argument as written: nothing, a literal, an element type, a tensor, or a list of these.
struct Argument {
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Element, Ref, List> value;

  [[nodiscard]] bool is_none() const { return std::holds_alternative<std::monostate>(value); }
  [[nodiscard]] const Ref* ref() const { return std::get_if<Ref>(&value); }
  friend bool operator==(const Argument&, const Argument&) = default;
};

/// What a node is, beside operators: how it gets its value.
enum class Kind {
  input,     ///< Given by the user.
  constant,  ///< Holds a Constant: a parameter with a name in the state dict, a buffer, or a literal.
  call,      ///< An operator applied to arguments.
};

struct Node {
  std::string name = {};  ///< Unique.
  Kind kind = Kind::call;
  std::string op = {};                         ///< Kind::call.
  std::vector<Argument> arguments = {};        ///< By position.
  std::map<std::string, Argument> named = {};  ///< By name: keywords, and attributes of OpenVINO's operators.
  std::vector<Type> results = {};
  ConstantRef constant = {};  ///< Kind::constant; null where a file has no bytes for it.
  /// Kind::constant: its name in the state dict. Nodes that share one share the parameter. Empty: a literal.
  std::string parameter = {};
  std::string role = {};             ///< As recorded: "PARAMETER", "BUFFER", "CONSTANT_TENSOR".
  std::set<std::string> marks = {};  ///< e.g. "decompression": what must not be folded.
  bool removed = false;
};

/// Nodes in any order; `sorted` gives one in which they can run. Rewrites append nodes and mark others removed.
struct Graph {
  std::string name;
  std::vector<Node> nodes;
  std::vector<Ref> outputs;

  [[nodiscard]] const Node& at(Ref ref) const { return nodes[static_cast<std::size_t>(ref.node)]; }
  [[nodiscard]] Node& at(Ref ref) { return nodes[static_cast<std::size_t>(ref.node)]; }
  [[nodiscard]] const Type& type(Ref ref) const { return at(ref).results[static_cast<std::size_t>(ref.result)]; }
  /// Appends; returns its first result.
  Ref add(Node node);
  /// The node of that name, or -1.
  [[nodiscard]] int find(std::string_view name) const;
};

/// Calls f(Ref&) for each tensor that a node reads, lists included, in order. `N` is Node or const Node.
template <typename N, typename F>
void for_each_input(N& node, F f);

/// Who reads a node's results, one entry a reading, in no order; outputs of the graph count as reader -1.
using Readers = std::vector<std::vector<int>>;
[[nodiscard]] Readers readers_of(const Graph& graph);

/// Positions of the nodes that are not removed, each after those it reads; as near to the given order as possible.
/// Throws Error naming a node for: a cycle, a tensor that no node computes, a result that its node does not have, two
/// nodes of one name, an input or a constant that has not exactly one result, a constant whose bytes do not fit its
/// type, a parameter that is two different constants.
[[nodiscard]] std::vector<int> sorted(const Graph& graph);
/// Drops calls that no output depends on, and constants that nothing reads; returns how many. Inputs stay.
std::int64_t remove_dead(Graph& graph);
/// The graph without removed nodes, in running order.
[[nodiscard]] Graph compacted(const Graph& graph);
// ---- of templates ----

template <typename A, typename F>
void for_each_ref(A& argument, F& f) {
  if (auto* ref = std::get_if<Ref>(&argument.value)) return f(*ref);
  if (auto* list = std::get_if<List>(&argument.value)) {
    for (auto& item : *list) for_each_ref(item, f);
  }
}

template <typename N, typename F>
void for_each_input(N& node, F f) {
  for (auto& argument : node.arguments) for_each_ref(argument, f);
  for (auto& [name, argument] : node.named) for_each_ref(argument, f);
}

}  // namespace plumb::graph
