#include "reference/rewrite/stack_chain.h"

#include <fmt/format.h>

#include <algorithm>

#include "reference/rewrite/low_bit_substitute.h"
#include "reference/rewrite/trace.h"

namespace plumb::graph {
namespace {

/// A part that is (source >> shift) & mask.
struct Bits {
  Ref source;
  std::int64_t shift = 0;
  std::uint64_t mask = 0xff;
};

constexpr int kLongest = 8;  ///< Masks and shifts on one part.

bool is_and(const Node& node) {
  return node.op.starts_with("aten::bitwise_and.") || node.op.starts_with("aten::__and__.") ||
         node.op == "ov::BitwiseAnd";
}
bool is_shift(const Node& node) {
  return node.op.starts_with("aten::bitwise_right_shift.") || node.op.starts_with("aten::__rshift__.") ||
         node.op == "ov::BitwiseRightShift";
}

// Masks and shifts in any order and with commuted operands: ((p >> s) & m) >> k is (p >> (s + k)) & (m >> k).
// NOLINTNEXTLINE(misc-no-recursion): kLongest bounds it.
std::optional<Bits> bits_of(const Editor& editor, const std::optional<Ref>& ref, int depth = 0) {
  if (!ref || depth > kLongest) return std::nullopt;
  const Node& node = editor.node(*ref);
  if (!is_and(node) && !is_shift(node)) return Bits{*ref};
  const Argument *self = &argument_named(node, "self"), *other = &argument_named(node, "other");
  std::optional<double> amount = number_at(editor, *other);
  if (!amount && is_and(node)) {
    std::swap(self, other);
    amount = number_at(editor, *other);
  }
  if (!amount || !(*amount >= 0 && *amount < 0x1p31)) return std::nullopt;
  std::optional<Bits> inner = bits_of(editor, traced(editor, *self), depth + 1);
  if (!inner) return std::nullopt;
  const auto number = static_cast<std::uint64_t>(*amount);
  if (is_and(node)) {
    inner->mask &= number;
  } else {
    if (number > 63) return std::nullopt;
    inner->shift += static_cast<std::int64_t>(number);
    inner->mask >>= number;
  }
  return inner;
}

struct StackSite {
  StackSite(const Editor& editor, int anchor) : editor(editor), anchor(anchor), stack(anchor) {}

  const Editor& editor;
  int anchor;
  int stack;                                   ///< The node that puts the parts together.
  std::vector<std::optional<Ref>> parts = {};  ///< What it puts together, unsqueezes taken off.
  std::vector<Bits> bits = {};
  std::optional<Ref> source = {};  ///< The packed bytes, or a constant that is u4 already.
  std::size_t axis = 0;            ///< The new axis in the result.
  bool is_u4 = false;
};

// cat and Concat put together what an unsqueeze each has given the axis.
std::string take_concatenated(StackSite& site, const std::vector<Argument>& arguments, std::int64_t dim) {
  for (const Argument& argument : arguments) {
    const std::optional<Ref> part = traced(site.editor, argument);
    if (!part) return "an argument is no tensor";
    const Node& node = site.editor.node(*part);
    if (node.op != "aten::unsqueeze" && node.op != "ov::Unsqueeze") {
      return fmt::format("{} has no axis of its own", named(site.editor, part));
    }
    const std::optional<std::int64_t> one = integer_at(site.editor, argument_named(node, "dim"));
    const auto rank = static_cast<std::int64_t>(node.results.at(0).shape.size());
    const auto whole = [&](std::int64_t at) { return at < 0 ? at + rank : at; };
    if (!one || whole(*one) != whole(dim)) {
      return fmt::format("{} makes another axis", named(site.editor, part));
    }
    site.parts.push_back(traced(site.editor, node, "self"));
  }
  return "";
}

template <int bits>
std::string takes_parts(StackSite& site) {
  const Node& node = site.editor.node(site.stack);
  const bool is_concat = node.op == "ov::Concat";
  const std::int64_t dim = integer_at(site.editor, argument_named(node, is_concat ? "axis" : "dim")).value_or(0);
  const auto rank = static_cast<std::int64_t>(node.results.at(0).shape.size());
  const auto* list = std::get_if<List>(&argument_named(node, "tensors").value);
  if (!is_concat && list == nullptr) return fmt::format("'{}' has no list of tensors", node.name);
  const std::vector<Argument>& arguments = is_concat ? node.arguments : *list;
  if (node.op == "aten::stack") {
    for (const Argument& part : arguments) site.parts.push_back(traced(site.editor, part));
  } else if (std::string wrong = take_concatenated(site, arguments, dim); !wrong.empty()) {
    return wrong;
  }
  const std::int64_t axis = dim < 0 ? dim + rank : dim;
  if (axis < 0 || axis >= rank) return fmt::format("'{}' has no axis {}", node.name, dim);
  site.axis = static_cast<std::size_t>(axis);
  if (site.parts.size() == 8 / bits) return "";
  return fmt::format("'{}' puts {} together", node.name, site.parts.size());
}

std::string along_last_axis(StackSite& site) {
  const Node& node = site.editor.node(site.stack);
  const Shape& shape = node.results.at(0).shape;
  const auto after = shape.begin() + static_cast<std::ptrdiff_t>(site.axis) + 1;
  if (std::all_of(after, shape.end(), [](std::int64_t dim) { return dim == 1; })) return "";
  return fmt::format("'{}' stacks along axis {} of {}", node.name, site.axis, plumb::to_string(shape));
}

std::string parts_are_bits(StackSite& site) {
  for (const std::optional<Ref>& part : site.parts) {
    const std::optional<Bits> bits = bits_of(site.editor, part);
    if (!bits) return fmt::format("{} is no mask or shift by a constant", named(site.editor, part));
    site.bits.push_back(*bits);
  }
  return "";
}

std::string one_source(StackSite& site) {
  site.source = site.bits[0].source;
  for (const Bits& bits : site.bits) {
    if (bits.source == *site.source) continue;
    // Two nodes of one parameter are one tensor, too.
    const Constant *a = constant_at(site.editor, bits.source), *b = constant_at(site.editor, site.source);
    if (a == nullptr || a != b) {
      return fmt::format("{} and {}", named(site.editor, site.source), named(site.editor, bits.source));
    }
  }
  return "";
}

template <int width>
std::string bits_in_order(StackSite& site) {
  for (std::size_t j = 0; j < site.bits.size(); ++j) {
    const Bits& bits = site.bits[j];
    const std::uint64_t field = (1U << width) - 1;
    const bool in_place = bits.shift == static_cast<std::int64_t>(j) * width;
    if (in_place && (bits.mask & (0xffU >> bits.shift)) == field) continue;
    return fmt::format("part {}, {}, is (p >> {}) & {}", j, named(site.editor, site.parts[j]), bits.shift, bits.mask);
  }
  return "";
}

std::string is_constant(StackSite& site) {
  if (constant_at(site.editor, site.source) != nullptr) return "";
  return fmt::format("{} is computed, or has no bytes", named(site.editor, site.source));
}

std::string is_u8(StackSite& site) {
  const Element element = site.editor.node(*site.source).results[0].element;
  return element == Element::u8 ? "" : fmt::format("{} is {}", named(site.editor, site.source), to_string(element));
}

// The bytes under another element type and the shape of the stack.
ConstantRef fields(const Editor& editor, const StackSite& site, Element element) {
  const ConstantRef& bytes = editor.node(*site.source).constant;
  Shape shape = site.is_u4 ? bytes->type.shape : editor.node(site.stack).results[0].shape;
  return retyped(bytes, {element, std::move(shape)});
}

template <Element element>
void replace_stack(Editor& editor, StackSite& site, const Packer&) {
  const Shape& shape = editor.node(site.stack).results[0].shape;
  const std::string tag = fmt::format("{} {}", to_string(element), plumb::to_string(shape));
  const Ref constant = editor.packed(site.source->node, tag, [&] { return fields(editor, site, element); });
  substitute_low_bit(editor, site.anchor, constant);
}

template <int bits>
std::vector<Condition<StackSite>> stack_conditions() {
  return {{"stacks one part for each field of a byte", takes_parts<bits>},
          {"along the last axis", along_last_axis},
          {"each part masks or shifts by constants", parts_are_bits},
          {"all parts read one tensor", one_source},
          {"part j takes field j, counted from the lowest bits", bits_in_order<bits>},
          {"that tensor is constant", is_constant},
          {"of u8", is_u8}};
}

std::string subtracts_8(StackSite& site) {
  const Node& node = site.editor.node(site.anchor);
  const std::optional<double> amount = number_at(site.editor, argument_named(node, "other"));
  if (!amount) return fmt::format("'{}' subtracts a tensor", node.name);
  const std::optional<double> alpha = number_or(site.editor, argument_named(node, "alpha"), 1);
  if (!alpha) return fmt::format("'{}': alpha is not known", node.name);
  const double total = *amount * *alpha;
  return total == 8 ? "" : fmt::format("'{}' subtracts {}", node.name, total);
}

std::string in_i8(StackSite& site) {
  const Node& node = site.editor.node(site.anchor);
  const std::optional<Ref> from = traced(site.editor, node, "self");
  if (!from || node.results[0].element != Element::i8) {
    return fmt::format("'{}' gives {}", node.name, to_string(node.results[0]));
  }
  const Node& conversion = site.editor.node(*from);
  const bool converts =
      conversion.op == "aten::to.dtype" || conversion.op == "aten::_to_copy" || conversion.op == "ov::Convert";
  if (!converts || conversion.results[0].element != Element::i8) {
    return fmt::format("{} does not convert to i8", named(site.editor, from));
  }
  if (node.results[0].shape != conversion.results[0].shape) {
    return fmt::format("'{}' gives {} of {}", node.name, to_string(node.results[0]), to_string(conversion.results[0]));
  }
  const std::optional<Ref> codes = traced(site.editor, conversion, "self");
  if (!codes) return fmt::format("'{}' converts no tensor", conversion.name);
  site.stack = codes->node;
  return "";
}

std::string of_nibbles(StackSite& site) {
  const Node& node = site.editor.node(site.stack);
  if (node.kind == Kind::constant && node.results[0].element == Element::u4 && node.constant != nullptr) {
    site.source = Ref{site.stack, 0};
    site.is_u4 = true;
    return "";
  }
  if (node.op != "aten::stack" && node.op != "aten::cat" && node.op != "ov::Concat") {
    return fmt::format("'{}' is no stack and no u4 constant", node.name);
  }
  for (const Condition<StackSite>& condition : stack_conditions<4>()) {
    const std::string found = condition.check(site);
    if (!found.empty()) return fmt::format("not \"{}\": {}", condition.name, found);
  }
  return "";
}

// Offset binary to two's complement: the top bit of each nibble turned.
void replace_signed(Editor& editor, StackSite& site, const Packer&) {
  const std::string tag = fmt::format("i4 {}", plumb::to_string(editor.node(site.anchor).results[0].shape));
  const Ref constant = editor.packed(site.source->node, tag, [&] {
    const ConstantRef codes = fields(editor, site, Element::i4);
    std::vector<std::byte> bytes(codes->bytes.begin(), codes->bytes.end());
    for (std::byte& byte : bytes) byte ^= std::byte{0x88};
    return make_constant(codes->type, std::move(bytes));
  });
  substitute_low_bit(editor, site.anchor, constant);
}

const std::vector<std::string_view> kStacks = {"aten::stack", "aten::cat", "ov::Concat"};

}  // namespace

Rewrite nncf_u2_stack() {
  return declare<StackSite>("nncf_u2_stack", "2-bit unpack chain -> one u2 constant, the same bytes", kStacks,
                            Equivalence::bit_for_bit, stack_conditions<2>(), replace_stack<Element::u2>);
}

Rewrite nncf_u4_stack() {
  return declare<StackSite>("nncf_u4_stack", "4-bit unpack chain -> one u4 constant, the same bytes", kStacks,
                            Equivalence::bit_for_bit, stack_conditions<4>(), replace_stack<Element::u4>);
}

Rewrite nncf_i4_stack() {
  return declare<StackSite>(
      "nncf_i4_stack", "4-bit unpack chain minus 8 in i8 -> one i4 constant",
      {"aten::sub.Tensor", "aten::sub.Scalar", "ov::Subtract"}, Equivalence::bit_for_bit,
      {{"subtracts 8", subtracts_8}, {"in i8", in_i8}, {"from nibbles of a constant", of_nibbles}}, replace_signed);
}

}  // namespace plumb::graph
