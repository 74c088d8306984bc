#include "reference/graph/lower_to_openvino.h"

#include <fmt/format.h>

#include "reference/error.h"
#include "reference/graph/operators.h"

namespace plumb::graph {
namespace {

class Lowering {
 public:
  explicit Lowering(const Graph& from) : from_(from), to_{from.name, {}, {}} {}

  Graph run() {
    for (const int i : sorted(from_)) {
      const Node& node = from_.nodes[static_cast<std::size_t>(i)];
      try {
        lower(i, node);
      } catch (const Error& error) {
        throw Error(fmt::format("node '{}' ({}): {}", node.name, node.op, error.what()));
      }
    }
    for (const Ref& output : from_.outputs) to_.outputs.push_back(moved(output));
    return compacted(to_);
  }

 private:
  [[nodiscard]] Ref moved(Ref ref) const { return moved_.at(ref); }

  [[nodiscard]] Argument tensor(const Node& node, std::string_view name) const {
    const Ref* ref = argument_named(node, name).ref();
    if (ref == nullptr) throw Error(fmt::format("argument '{}' is no tensor", name));
    return {moved(*ref)};
  }

  Ref literal(const std::string& name, Element element, Shape shape, const std::vector<double>& values) {
    Node node{.name = fmt::format("{}/{}_{}", name, "Constant", to_.nodes.size()), .kind = Kind::constant};
    node.constant = constant_of(element, std::move(shape), values);
    node.results = {node.constant->type};
    return to_.add(std::move(node));
  }

  // Torch promotes operands of different types by itself.
  Argument converted(const Node& node, Ref ref, Element element) {
    if (from_.type(ref).element == element) return {moved(ref)};
    Node made{.name = fmt::format("{}/Convert_{}", node.name, to_.nodes.size()),
              .op = "ov::Convert",
              .arguments = {{moved(ref)}},
              .named = {{"destination_type", {element}}, {"version", {std::string("opset1")}}},
              .results = {{element, from_.type(ref).shape}}};
    return {to_.add(std::move(made))};
  }

  // The second operand of an elementwise operator. A number, also one that TorchScript keeps as a tensor of i64, gets
  // the type of the result and as many axes.
  Argument operand(const Node& node, std::string_view name) {
    const Argument& given = argument_named(node, name);
    const Type& type = node.results.at(0);
    const Ref* ref = given.ref();
    const ConstantRef constant = ref == nullptr ? nullptr : from_.at(*ref).constant;
    const bool is_number =
        constant != nullptr && constant->type.shape.empty() && constant->type.element != type.element;
    if (ref != nullptr && !is_number) return converted(node, *ref, type.element);
    const auto* integer = std::get_if<std::int64_t>(&given.value);
    const auto* number = std::get_if<double>(&given.value);
    if (ref == nullptr && integer == nullptr && number == nullptr)
      throw Error(fmt::format("argument '{}' is no number", name));
    const double value = is_number ? constant->at(0) : integer != nullptr ? static_cast<double>(*integer) : *number;
    return {literal(node.name, type.element, Shape(type.shape.size(), 1), {value})};
  }

  Ref call(const Node& node, const char* op, const char* version, std::vector<Argument> arguments,
           std::map<std::string, Argument> named = {}) {
    named.emplace("version", Argument{std::string(version)});
    Node made{.name = node.name,
              .op = op,
              .arguments = std::move(arguments),
              .named = std::move(named),
              .results = node.results};
    made.marks = node.marks;
    return to_.add(std::move(made));
  }

  void lower(int i, const Node& node) {
    if (node.kind != Kind::call || node.op.starts_with("ov::")) {
      Node copy = node;
      for_each_input(copy, [&](Ref& ref) { ref = moved(ref); });
      const Ref ref = to_.add(std::move(copy));
      for (int k = 0; k < static_cast<int>(node.results.size()); ++k) moved_[{i, k}] = {ref.node, k};
      return;
    }
    moved_[{i, 0}] = lowered(node);
  }

  Ref lowered(const Node& node) {
    const std::string op = node.op.substr(0, node.op.find('.'));
    const std::map<std::string, Argument> broadcast = {{"auto_broadcast", {std::string("numpy")}}};
    if (op == "aten::detach" || op == "aten::detach_" || op == "aten::lift_fresh_copy" || op == "aten::alias" ||
        op == "aten::clone") {
      return *tensor(node, "self").ref();
    }
    const Ref* self = argument_named(node, "self").ref();
    if (op == "aten::to" && self != nullptr && from_.type(*self) == node.results[0]) return moved(*self);
    if (op == "aten::to" || op == "aten::_to_copy")
      return call(node, "ov::Convert", "opset1", {tensor(node, "self")},
                  {{"destination_type", {node.results[0].element}}});
    if (op == "aten::bitwise_and" || op == "aten::__and__")
      return call(node, "ov::BitwiseAnd", "opset13", {operand(node, "self"), operand(node, "other")}, broadcast);
    if (op == "aten::bitwise_right_shift" || op == "aten::__rshift__") {
      return call(node, "ov::BitwiseRightShift", "opset15", {operand(node, "self"), operand(node, "other")}, broadcast);
    }
    if (op == "aten::mul")
      return call(node, "ov::Multiply", "opset1", {operand(node, "self"), operand(node, "other")}, broadcast);
    if (op == "aten::add" || op == "aten::sub") {
      const Argument& alpha = argument_named(node, "alpha");
      if (!alpha.is_none() && !(alpha == Argument{std::int64_t{1}})) throw Error("alpha is not converted");
      return call(node, op == "aten::add" ? "ov::Add" : "ov::Subtract", "opset1",
                  {operand(node, "self"), operand(node, "other")}, broadcast);
    }
    if (op == "aten::relu") return call(node, "ov::Relu", "opset1", {tensor(node, "self")});
    if (op == "aten::reshape" || op == "aten::view" || op == "aten::view_copy" || op == "aten::flatten")
      return reshape(node);
    if (op == "aten::stack" || op == "aten::cat") return concat(node, op == "aten::stack");
    if (op == "aten::unsqueeze")
      return unsqueeze(node, *tensor(node, "self").ref(), integer(node, "dim"), node.results[0]);
    if (op == "aten::linear") return linear(node);
    if (op == "aten::embedding") {
      return call(node, "ov::Gather", "opset8",
                  {tensor(node, "weight"), tensor(node, "indices"), {literal(node.name, Element::i32, {}, {0})}},
                  {{"batch_dims", {std::int64_t{0}}}});
    }
    throw Error("OpenVINO has no such operator, or it is not converted");
  }

  static std::int64_t integer(const Node& node, std::string_view name) {
    const Argument& given = argument_named(node, name);
    if (given.is_none()) return 0;
    const auto* value = std::get_if<std::int64_t>(&given.value);
    if (value == nullptr) throw Error(fmt::format("argument '{}' is no whole number", name));
    return *value;
  }

  // The target as it is written, a -1 in it left open; a reshape that changes nothing is left out.
  Ref reshape(const Node& node) {
    const Ref* self = argument_named(node, "self").ref();
    if (self != nullptr && from_.type(*self) == node.results[0]) return moved(*self);
    std::vector<double> target;
    const Argument& given = argument_named(node, node.op == "aten::reshape" ? "shape" : "size");
    if (const auto* list = std::get_if<List>(&given.value)) {
      for (const Argument& dim : *list) {
        const auto* whole = std::get_if<std::int64_t>(&dim.value);
        if (whole != nullptr) target.push_back(static_cast<double>(*whole));
      }
    }
    const Shape& shape = node.results[0].shape;
    if (target.size() != shape.size()) target.assign(shape.begin(), shape.end());
    const Ref constant = literal(node.name, Element::i64, {static_cast<std::int64_t>(target.size())}, target);
    return call(node, "ov::Reshape", "opset1", {tensor(node, "self"), {constant}}, {{"special_zero", {false}}});
  }

  Ref unsqueeze(const Node& node, Ref from, std::int64_t axis, const Type& type) {
    const Ref axes = literal(node.name, Element::i64, {}, {static_cast<double>(axis)});
    Node made{.name = fmt::format("{}/Unsqueeze_{}", node.name, to_.nodes.size()),
              .op = "ov::Unsqueeze",
              .arguments = {{from}, {axes}},
              .named = {{"version", {std::string("opset1")}}},
              .results = {type}};
    return to_.add(std::move(made));
  }

  Ref concat(const Node& node, bool unsqueezes) {
    const auto* list = std::get_if<List>(&argument_named(node, "tensors").value);
    if (list == nullptr) throw Error("has no list of tensors");
    const std::int64_t axis = integer(node, "dim");
    std::vector<Argument> parts;
    for (const Argument& item : *list) {
      if (item.ref() == nullptr) throw Error("has no list of tensors");
      Ref part = moved(*item.ref());
      Type type = node.results[0];
      const auto rank = static_cast<std::int64_t>(type.shape.size());
      type.shape.at(static_cast<std::size_t>(axis < 0 ? axis + rank : axis)) = 1;
      if (unsqueezes) part = unsqueeze(node, part, axis, type);
      parts.push_back({part});
    }
    return call(node, "ov::Concat", "opset1", std::move(parts), {{"axis", {axis}}});
  }

  Ref linear(const Node& node) {
    Node product = node;
    const bool has_bias = !argument_named(node, "bias").is_none();
    const Ref ref = call(product, "ov::MatMul", "opset1", {tensor(node, "input"), tensor(node, "weight")},
                         {{"transpose_a", {false}}, {"transpose_b", {true}}});
    if (!has_bias) return ref;
    product.name += "/Add";
    return call(product, "ov::Add", "opset1", {{ref}, tensor(node, "bias")},
                {{"auto_broadcast", {std::string("numpy")}}});
  }

  const Graph& from_;
  Graph to_;
  std::map<Ref, Ref> moved_;
};

}  // namespace

Graph lower_to_openvino(const Graph& graph) { return Lowering(graph).run(); }

}  // namespace plumb::graph
