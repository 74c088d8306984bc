#include "reference/rewrite/compressed_constants.h"

#include <fmt/format.h>

#include <algorithm>

#include "reference/graph/interpreter.h"
#include "reference/rewrite/trace.h"

namespace plumb::graph {
namespace {

struct Site {
  Site(const Editor& editor, int anchor) : editor(editor), anchor(anchor) {}

  const Editor& editor;
  int anchor;
  std::optional<Ref> constant = {};
  int conversion = -1;  ///< Between constant and anchor; -1: none.
};

const std::vector<std::string_view> kConversions = {"aten::to.dtype", "aten::_to_copy", "ov::Convert"};
constexpr const char* kMark = "decompression";

bool is_conversion(const Node& node) { return std::ranges::find(kConversions, node.op) != kConversions.end(); }

std::string converts_constant(Site& site) {
  site.constant = traced(site.editor, site.editor.node(site.anchor), "self");
  if (constant_at(site.editor, site.constant) != nullptr) return "";
  return fmt::format("{} is computed", named(site.editor, site.constant));
}

std::string reads_constant(Site& site) {
  const std::optional<Ref> from = traced(site.editor, site.editor.node(site.anchor), "self");
  if (!from || !is_conversion(site.editor.node(*from))) return converts_constant(site);
  site.conversion = from->node;
  site.constant = traced(site.editor, site.editor.node(site.conversion), "self");
  if (constant_at(site.editor, site.constant) != nullptr) return "";
  return fmt::format("{} is computed", named(site.editor, site.constant));
}

std::string is_low(Site& site) {
  const Element element = site.editor.node(*site.constant).results[0].element;
  return is_low_bit(element) ? "" : fmt::format("{} is {}", named(site.editor, site.constant), to_string(element));
}

std::string has_shape(Site& site) {
  const Node& node = site.editor.node(site.anchor);
  const Shape& shape = node.results[0].shape;
  const std::int64_t count = constant_at(site.editor, site.constant)->size();
  const bool known = std::ranges::none_of(shape, [](std::int64_t dim) { return dim < 0; });
  if (known && element_count(shape) == count) return "";
  return fmt::format("'{}' gives {} of {} elements", node.name, plumb::to_string(shape), count);
}

std::string only_reader(Site& site) {
  for (const int node : {site.conversion, site.constant->node}) {
    if (node >= 0 && site.editor.readers(node).size() != 1) {
      return fmt::format("'{}' is read {} times", site.editor.node(node).name, site.editor.readers(node).size());
    }
  }
  return "";
}

void fold_reshape(Editor& editor, Site& site, const Packer&) {
  const Shape shape = editor.node(site.anchor).results[0].shape;
  const Element element = editor.node(*site.constant).results[0].element;
  const std::string tag = fmt::format("{} {}", to_string(element), plumb::to_string(shape));
  Ref result = editor.packed(site.constant->node, tag, [&] {
    return retyped(editor.node(*site.constant).constant, {element, shape});
  });
  if (site.conversion >= 0) {
    Node conversion = editor.node(site.conversion);
    conversion.results[0].shape = shape;
    const auto self = conversion.named.find("self");
    (self != conversion.named.end() ? self->second : conversion.arguments.at(0)) = {result};
    result = editor.add(std::move(conversion));
  }
  editor.redirect({site.anchor, 0}, result);
  editor.remove_unread(site.anchor);
}

std::string not_marked(Site& site) {
  const Node& node = site.editor.node(site.anchor);
  return node.marks.contains(kMark) ? fmt::format("'{}' is marked already", node.name) : "";
}

void set_mark(Editor& editor, Site& site, const Packer&) { editor.mark(site.anchor, kMark); }

std::string is_u2(Site& site) {
  const Node& node = site.editor.node(site.anchor);
  const Element element = node.results[0].element;
  if (element != Element::u2) return fmt::format("'{}' is {}", node.name, to_string(element));
  return node.constant != nullptr ? "" : fmt::format("'{}' has no bytes", node.name);
}

std::string read_by_conversions(Site& site) {
  for (const int reader : site.editor.readers(site.anchor)) {
    if (reader < 0) return fmt::format("'{}' is an output", site.editor.node(site.anchor).name);
    const Node& node = site.editor.node(reader);
    if (!is_conversion(node)) return fmt::format("'{}' ({}) reads it", node.name, node.op);
  }
  return "";
}

ConstantRef widened(const Constant& codes) {
  std::vector<std::byte> bytes;
  bytes.reserve(static_cast<std::size_t>(codes.size()));
  for (std::int64_t i = 0; i < codes.size(); ++i) bytes.push_back(static_cast<std::byte>(codes.at(i)));
  return make_constant({Element::u8, codes.type.shape}, std::move(bytes));
}

void promote(Editor& editor, Site& site, const Packer&) {
  const std::string tag = fmt::format("u8 {}", plumb::to_string(editor.node(site.anchor).results[0].shape));
  const Ref wide = editor.packed(site.anchor, tag, [&] { return widened(*editor.node(site.anchor).constant); });
  editor.redirect({site.anchor, 0}, wide);
  editor.remove_unread(site.anchor);
}

std::string one_result(Site& site) {
  const Node& node = site.editor.node(site.anchor);
  if (node.kind != Kind::call) return fmt::format("'{}' is no call", node.name);
  if (find_operator(node.op) == nullptr) return fmt::format("'{}': {} is unknown", node.name, node.op);
  return node.results.size() == 1 ? "" : fmt::format("'{}' has {} results", node.name, node.results.size());
}

std::string only_constants(Site& site) {
  const Node& node = site.editor.node(site.anchor);
  std::string found;
  bool any = false;
  for_each_input(node, [&](const Ref& ref) {
    any = true;
    if (constant_at(site.editor, ref) == nullptr && found.empty()) {
      found = fmt::format("{} is computed", named(site.editor, ref));
    }
  });
  return any ? found : fmt::format("'{}' reads nothing", node.name);
}

// The call alone, with copies of the constants that it reads.
Values value_of_call(const Editor& editor, const Node& node) {
  Graph call;
  Node copy = node;
  std::map<Ref, Ref> moved;
  for_each_input(copy, [&](Ref& ref) {
    const auto [known, is_new] = moved.emplace(ref, Ref{});
    if (is_new) {
      Node constant = editor.node(ref);
      constant.parameter.clear();
      known->second = call.add(std::move(constant));
    }
    ref = known->second;
  });
  call.outputs = {call.add(std::move(copy))};
  return run(call, {}, Precision::upstream)[0];
}

void fold(Editor& editor, Site& site, const Packer&) {
  const Node& node = editor.node(site.anchor);
  Node folded{.name = node.name + "_folded", .kind = Kind::constant};
  folded.constant = constant_of(value_of_call(editor, node));
  folded.results = {folded.constant->type};
  const Ref constant = editor.add(std::move(folded));
  editor.redirect({site.anchor, 0}, constant);
  editor.remove_unread(site.anchor);
}

}  // namespace

Rewrite convert_reshape_fold() {
  return declare<Site>("convert_reshape_fold",
                       "Reshape(Convert(low-bit constant)) -> Convert(reshaped constant), the same bytes",
                       {"aten::reshape", "aten::view", "aten::view_copy", "aten::flatten.using_ints", "ov::Reshape"},
                       Equivalence::bit_for_bit,
                       {{"reshapes a constant, or a conversion of one", reads_constant},
                        {"of less than 8 bits an element", is_low},
                        {"to a known shape of as many elements", has_shape},
                        {"that nobody else reads", only_reader}},
                       fold_reshape);
}

Rewrite mark_compressed_constants() {
  return declare<Site>("mark_compressed_constants",
                       "conversions of low-bit constants are marked, so that they are not folded", kConversions,
                       Equivalence::bit_for_bit,
                       {{"converts a constant", converts_constant},
                        {"of less than 8 bits an element", is_low},
                        {"is not marked yet", not_marked}},
                       set_mark);
}

Rewrite promote_u2_to_u8() {
  return declare<Site>("promote_u2_to_u8", "u2 constants -> u8, one value a byte", {"constant"},
                       Equivalence::bit_for_bit,
                       {{"is a constant of u2", is_u2}, {"that only conversions read", read_by_conversions}}, promote);
}

Rewrite fold_constants(bool respects_marks) {
  std::vector<Condition<Site>> conditions = {{"is an operator with one result", one_result},
                                             {"reads only constants", only_constants}};
  if (respects_marks) conditions.push_back({"is not marked as decompression", not_marked});
  return declare<Site>("fold_constants", "calls on constants alone -> constants", {"*"}, Equivalence::bit_for_bit,
                       conditions, fold);
}

}  // namespace plumb::graph
