#include "reference/rewrite/quantised_linear.h"

#include <fmt/format.h>

#include <algorithm>

#include "reference/rewrite/weight_pattern.h"

namespace plumb::graph {
namespace {

struct Site {
  Site(const Editor& editor, int anchor) : editor(editor), anchor(anchor), product(anchor) {}
  [[nodiscard]] const Node& node() const { return editor.node(product); }

  const Editor& editor;
  int anchor;   ///< What is replaced.
  int product;  ///< linear, mm or addmm: the anchor, or what it quantises.
  WeightPattern weight = {};
  std::optional<Ref> x = {};  ///< The activation as the product reads it.
  std::optional<Ref> bias = {};
  std::optional<Ref> raw = {};    ///< The activation before it was quantised.
  std::optional<Ref> codes = {};  ///< Its codes.
  Argument scale = {}, zero = {};
};

const std::vector<std::string_view> kProducts = {"aten::linear", "aten::mm", "aten::addmm"};

// ---- what all have in common ----

// The weight of y = x W^T: linear takes it as it is, mm needs a transpose in between.
std::string transposed_weight(Site& site) {
  const Node& node = site.node();
  site.x = traced(site.editor, node, node.op == "aten::linear" ? "input" : node.op == "aten::addmm" ? "mat1" : "self");
  std::optional<Ref> weight = traced(site.editor, node, node.op == "aten::linear" ? "weight" : "mat2");
  if (!site.x || !weight) return fmt::format("'{}' has no operands", node.name);
  if (node.op != "aten::linear") {
    const Node& turn = site.editor.node(*weight);
    const auto order = integers_at(site.editor, argument_named(turn, "dims"));
    const bool turns =
        turn.op == "aten::t" || turn.op == "aten::t_copy" ||
        ((turn.op == "aten::permute_copy" || turn.op == "aten::permute") && order == std::vector<std::int64_t>{1, 0});
    if (!turns) return fmt::format("{} is no transpose", named(site.editor, weight));
    weight = traced(site.editor, turn, "self");
  }
  return is_dequantised(site.editor, weight, site.weight);
}
std::string codes(Site& site) { return codes_are_parameter(site.editor, site.weight); }
std::string groups(Site& site) { return has_groups(site.editor, site.weight); }
std::string scales(Site& site) { return scales_are_parameter(site.editor, site.weight); }
std::string zeros(Site& site) { return zero_points_are_zero(site.editor, site.weight); }
std::string of_4(Site& site) {
  return site.weight.columns % 4 == 0
             ? ""
             : fmt::format("codes {} have {} columns", named(site.editor, site.weight.codes), site.weight.columns);
}

std::string plain_bias(Site& site) {
  const Node& node = site.node();
  const Argument& given = argument_named(node, node.op == "aten::addmm" ? "self" : "bias");
  if (given.is_none()) return "";
  for (const char* factor : {"alpha", "beta"}) {
    const std::optional<double> value = number_or(site.editor, argument_named(node, factor), 1);
    if (!value) return fmt::format("'{}': {} is not known", node.name, factor);
    if (*value != 1) return fmt::format("'{}': {} is {}", node.name, factor, *value);
  }
  site.bias = traced(site.editor, given);
  const Constant* bias = constant_at(site.editor, site.bias);
  if (bias == nullptr) return fmt::format("bias {} is no parameter", named(site.editor, site.bias));
  const bool fits = bias->type == Type{Element::f32, {site.weight.rows}};
  return fits ? "" : fmt::format("bias {} is {}", named(site.editor, site.bias), to_string(bias->type));
}

std::string in_f32(Site& site) {
  const Element x = site.editor.graph().type(*site.x).element, y = site.node().results[0].element;
  return x == Element::f32 && y == Element::f32
             ? ""
             : fmt::format("'{}' takes {} and gives {}", site.node().name, to_string(x), to_string(y));
}

std::string codes_of_4_bits(Site& site) { return codes_within(site.editor, site.weight, -8, 7); }

// ---- the activation ----

bool is_view(const Node& node) {
  return node.op == "aten::view_copy" || node.op == "aten::view" || node.op == "aten::reshape";
}

// A view or reshape between activation and product changes no value.
std::optional<Ref> past_views(const Editor& editor, std::optional<Ref> ref) {
  for (int steps = 0; ref && steps < 4; ++steps) {
    const Node& node = editor.node(*ref);
    if (!is_view(node)) break;
    ref = traced(editor, node, "self");
  }
  return ref;
}

std::string not_quantised(Site& site) {
  const std::optional<Ref> x = past_views(site.editor, site.x);
  return x && is_dequantize(site.editor.node(*x)) ? fmt::format("activation {} is dequantised", named(site.editor, x))
                                                  : "";
}

// x = dequantize(quantize(raw, scale, zero), scale, zero), with the same arguments on both.
std::string quantised_by(Site& site, std::string_view quantize, std::string_view dequantize) {
  const std::optional<Ref> x = past_views(site.editor, site.x);
  if (!x || site.editor.node(*x).op != dequantize)
    return fmt::format("activation {} is not dequantised by {}", named(site.editor, x), dequantize);
  const Node& outer = site.editor.node(*x);
  site.codes = traced(site.editor, outer, "input");
  site.scale = argument_named(outer, "scale");
  site.zero = argument_named(outer, "zero_point");
  const bool is_codes = site.codes && site.editor.graph().type(*site.codes).element == Element::i8;
  if (!is_codes) return fmt::format("'{}' has no codes of i8", outer.name);
  const Node& inner = site.editor.node(*site.codes);
  if (inner.op != quantize) return "";  // codes that another layer gives
  site.raw = traced(site.editor, inner, "input");
  if (!site.raw) return fmt::format("'{}' quantises no tensor", inner.name);
  for (const char* name : {"scale", "zero_point", "quant_min", "quant_max", "block_size"}) {
    if (!(argument_named(inner, name) == argument_named(outer, name)))
      return fmt::format("'{}' and '{}' differ in {}", inner.name, outer.name, name);
  }
  const bool full = number_at(site.editor, argument_named(inner, "quant_min")) == -128 &&
                    number_at(site.editor, argument_named(inner, "quant_max")) == 127;
  return full ? "" : fmt::format("'{}' does not use all codes of i8", inner.name);
}

// Views may merge the axes of rows, but neither cut nor join rows: those that are quantised are multiplied.
std::string whole_rows(Site& site) {
  const Type& type = site.editor.graph().type(*site.codes);
  const bool whole = !type.shape.empty() && type.shape.back() == site.weight.columns;
  return whole ? ""
               : fmt::format("{} is {}, the weight has {} columns", named(site.editor, site.codes), to_string(type),
                             site.weight.columns);
}

// For layers that quantise the activation themselves.
std::string has_raw(const Site& site, std::string_view quantize) {
  if (!site.raw) return fmt::format("{} is no {}", named(site.editor, site.codes), quantize);
  const Element given = site.editor.graph().type(*site.raw).element;
  return given == Element::f32 ? "" : fmt::format("{} quantises {}", named(site.editor, site.codes), to_string(given));
}

std::string dynamic(Site& site) {
  std::string found = quantised_by(site, "torchao::quantize_affine", "torchao::dequantize_affine");
  return found.empty() ? has_raw(site, "quantize_affine") : found;
}

// One scale for each row of the activation, chosen from that row.
std::string per_row(Site& site) {
  const Node& node = site.editor.node(*site.codes);
  Shape block = site.editor.graph().type(*site.raw).shape;
  for (std::size_t i = 0; i + 1 < block.size(); ++i) block[i] = 1;
  const auto given = integers_at(site.editor, argument_named(node, "block_size"));
  if (given != block) return fmt::format("'{}': block_size is not {}", node.name, plumb::to_string(block));
  if (site.scale.ref() == nullptr || site.zero.ref() == nullptr)
    return fmt::format("'{}' has no tensors for scale and zero point", node.name);
  Shape lead = site.editor.graph().type(*site.raw).shape;
  lead.pop_back();
  for (const Argument* argument : {&site.scale, &site.zero}) {
    const Type& type = site.editor.graph().type(*argument->ref());
    if (type.shape != lead) return fmt::format("{} is {}", named(site.editor, *argument->ref()), to_string(type));
  }
  const bool fits = site.editor.graph().type(*site.scale.ref()).element == Element::f32 &&
                    site.editor.graph().type(*site.zero.ref()).element == Element::i8;
  return fits ? "" : fmt::format("'{}': scale and zero point are not f32 and i8", node.name);
}

std::string fixed(Site& site) {
  return quantised_by(site, "quantized_decomposed::quantize_per_tensor", "quantized_decomposed::dequantize_per_tensor");
}

std::string fixed_and_given(Site& site) {
  std::string found = fixed(site);
  return found.empty() ? has_raw(site, "quantize_per_tensor") : found;
}

std::string per_channel(Site& site) {
  const WeightPattern& weight = site.weight;
  return weight.group == weight.columns
             ? ""
             : fmt::format("'{}' has groups of {}", site.editor.node(weight.dequantize).name, weight.group);
}

// ---- the result ----

std::string quantises_product(Site& site) {
  const std::optional<Ref> from = traced(site.editor, site.editor.node(site.anchor), "input");
  if (!from || std::ranges::find(kProducts, site.editor.node(*from).op) == kProducts.end())
    return fmt::format("{} is no linear layer", named(site.editor, from));
  site.product = from->node;
  return "";
}
std::string only_quantised(Site& site) {
  const std::size_t count = site.editor.readers(site.product).size();
  return count == 1 ? "" : fmt::format("'{}' is read {} times", site.node().name, count);
}
std::string full_range(Site& site) {
  const Node& node = site.editor.node(site.anchor);
  const bool full = number_at(site.editor, argument_named(node, "quant_min")) == -128 &&
                    number_at(site.editor, argument_named(node, "quant_max")) == 127 &&
                    node.results[0].element == Element::i8;
  return full ? "" : fmt::format("'{}' does not use all codes of i8", node.name);
}

// ---- replacements ----

// [rows, groups] -> [groups, rows].
Ref transposed_scales(Editor& editor, const WeightPattern& weight, const Packer& packer) {
  return editor.packed(weight.scales->node, "4 bit linear scales", [&] {
    ConstantRef scales = editor.node(*weight.scales).constant;
    if (scales->type.shape.size() == 1) scales = retyped(scales, {scales->type.element, {weight.rows, 1}});
    return constant_of(
        packer.pack("transpose_scales", {tensor_of(*scales)}, {{"scale", static_cast<std::int64_t>(DType::f32)}}));
  });
}

// Sums of codes over groups; for layers of 8-bit weights one a row.
Ref sums(Editor& editor, const WeightPattern& weight, const Packer& packer, bool per_row) {
  return editor.packed(weight.codes->node, "sums", [&] {
    Tensor all =
        packer.pack("group_sums", {tensor_of(*editor.node(*weight.codes).constant)}, {{"group", weight.group}});
    if (!per_row) return constant_of(all);
    Tensor row(all.dtype(), {(weight.rows + 3) / 4 * 4});
    for (std::int64_t i = 0; i < row.size(); ++i) row.set(i, all.at(i));
    return constant_of(row);
  });
}

Argument optional_ref(const std::optional<Ref>& ref) { return ref ? Argument{*ref} : Argument{}; }

// Whoever reads the anchor reads the fused layer; a view of it that has the fused layer's own shape is left out.
void put(Editor& editor, const Site& site, Node fused, const Shape& shape) {
  const Type wanted = editor.node(site.anchor).results[0];
  fused.results = {{wanted.element, shape}};
  const Ref result = editor.add(std::move(fused));
  const std::vector<int> readers = editor.readers(site.anchor);
  for (const int reader : readers) {
    if (reader < 0 || !is_view(editor.node(reader)) || editor.node(reader).results[0].shape != shape) continue;
    editor.redirect({reader, 0}, result);
    editor.remove_unread(reader);
  }
  if (editor.readers(site.anchor).empty()) return editor.remove_unread(site.anchor);
  Ref same = result;
  if (shape != wanted.shape) {
    List dims;
    for (const std::int64_t dim : wanted.shape) dims.push_back({dim});
    same = editor.add({.name = "aten_view_copy_default",
                       .op = "aten::view_copy",
                       .arguments = {{result}, {dims}},
                       .results = {wanted}});
  }
  editor.redirect({site.anchor, 0}, same);
  editor.remove_unread(site.anchor);
}

// The layer's result for an activation with these leading dimensions.
Shape result_shape(const Editor& editor, Ref x, std::int64_t rows) {
  Shape shape = editor.graph().type(x).shape;
  shape.back() = rows;
  return shape;
}

void replace_q4(Editor& editor, Site& site, const Packer& packer) {
  // A view that only merges leading dimensions is left out, too.
  const Ref raw = past_views(editor, site.x).value_or(*site.x);
  const Shape& shape = editor.graph().type(raw).shape;
  const Ref x = !shape.empty() && shape.back() == site.weight.columns ? raw : *site.x;
  Node fused{.name = "et_vk_linear_q4gsw_default", .op = "et_vk::linear_q4gsw"};
  fused.arguments = {{x},
                     {packed_codes(editor, site.weight, packer)},
                     {transposed_scales(editor, site.weight, packer)},
                     {site.weight.group},
                     optional_ref(site.bias)};
  put(editor, site, std::move(fused), result_shape(editor, x, site.weight.rows));
}

void replace_dq8ca(Editor& editor, Site& site, const Packer& packer) {
  Node fused{.name = "et_vk_linear_dq8ca_q4gsw_default", .op = "et_vk::linear_dq8ca_q4gsw"};
  const Ref weight_sums = sums(editor, site.weight, packer, false);
  fused.arguments = {{*site.raw},         site.scale,
                     site.zero,           {packed_codes(editor, site.weight, packer)},
                     {weight_sums},       {transposed_scales(editor, site.weight, packer)},
                     {site.weight.group}, optional_ref(site.bias)};
  put(editor, site, std::move(fused), result_shape(editor, *site.raw, site.weight.rows));
}

void replace_q8_float(Editor& editor, Site& site, const Packer& packer) {
  Node fused{.name = "et_vk_linear_q8ta_q8csw_default", .op = "et_vk::linear_q8ta_q8csw"};
  const Ref weight_sums = sums(editor, site.weight, packer, true);
  fused.arguments = {{*site.raw},
                     site.scale,
                     site.zero,
                     {*site.weight.codes},
                     {weight_sums},
                     {*site.weight.scales},
                     optional_ref(site.bias)};
  put(editor, site, std::move(fused), result_shape(editor, *site.raw, site.weight.rows));
}

void replace_q8(Editor& editor, Site& site, const Packer& packer) {
  const Shape shape = result_shape(editor, *site.codes, site.weight.rows);
  std::int64_t rows = 1;
  for (std::size_t i = 0; i + 1 < shape.size(); ++i) rows *= shape[i];
  const std::string name = rows == 1 ? "q8ta_linear_gemv" : "q8ta_linear";
  const Node& quantize = editor.node(site.anchor);
  Node fused{.name = fmt::format("et_vk_{}_default", name), .op = "et_vk::" + name};
  fused.arguments = {{*site.codes},
                     site.scale,
                     site.zero,
                     {*site.weight.codes},
                     {},
                     {*site.weight.scales},
                     argument_named(quantize, "scale"),
                     argument_named(quantize, "zero_point"),
                     optional_ref(site.bias),
                     {std::string("none")}};
  fused.arguments[4] = {sums(editor, site.weight, packer, true)};
  put(editor, site, std::move(fused), shape);
}

std::vector<Condition<Site>> with_weight(std::vector<Condition<Site>> more, std::vector<Condition<Site>> before = {}) {
  const std::vector<Condition<Site>> shared = {{"the weight is dequantised, and transposed for mm", transposed_weight},
                                               {"the codes are a parameter of i8", codes},
                                               {"in groups along rows that fill them", groups},
                                               {"the scales are a parameter of f32", scales},
                                               {"zero points are absent or 0", zeros},
                                               {"columns are a multiple of 4", of_4},
                                               {"the bias is added once, and a parameter", plain_bias},
                                               {"activation and result are f32", in_f32}};
  before.insert(before.end(), shared.begin(), shared.end());
  before.insert(before.end(), more.begin(), more.end());
  return before;
}

}  // namespace

Rewrite linear_q4gsw_fusion() {
  return declare<Site>(
      "linear_q4gsw", "linear layer with a dequantised 4-bit weight -> et_vk::linear_q4gsw", kProducts,
      Equivalence::bounded,
      with_weight({{"the activation is not quantised", not_quantised}, {"the codes lie in -8 ... 7", codes_of_4_bits}}),
      replace_q4);
}

Rewrite linear_dq8ca_q4gsw_fusion() {
  return declare<Site>("linear_dq8ca_q4gsw",
                       "the same with an activation quantised row by row -> et_vk::linear_dq8ca_q4gsw", kProducts,
                       Equivalence::bounded,
                       with_weight({{"the activation is quantised to i8 and back", dynamic},
                                    {"in rows that are multiplied as they are", whole_rows},
                                    {"with a scale and zero point for each row", per_row},
                                    {"the codes lie in -8 ... 7", codes_of_4_bits}}),
                       replace_dq8ca);
}

Rewrite q8ta_linear_fusion() {
  return declare<Site>("q8ta_linear",
                       "linear layer, 8-bit weight, activation and result quantised -> et_vk::q8ta_linear",
                       {"quantized_decomposed::quantize_per_tensor"}, Equivalence::bounded,
                       with_weight({{"the activation is quantised with one scale", fixed},
                                    {"in rows that are multiplied as they are", whole_rows},
                                    {"the weight has a scale for each row", per_channel}},
                                   {{"quantises a linear layer's result", quantises_product},
                                    {"that nobody else reads", only_quantised},
                                    {"to all codes of i8", full_range}}),
                       replace_q8);
}

Rewrite linear_q8ta_q8csw_fusion() {
  return declare<Site>("linear_q8ta_q8csw",
                       "linear layer, 8-bit weight, activation quantised -> et_vk::linear_q8ta_q8csw", kProducts,
                       Equivalence::bounded,
                       with_weight({{"the activation is quantised with one scale", fixed_and_given},
                                    {"in rows that are multiplied as they are", whole_rows},
                                    {"the weight has a scale for each row", per_channel}}),
                       replace_q8_float);
}

}  // namespace plumb::graph
