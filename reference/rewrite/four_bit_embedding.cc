#include "reference/rewrite/four_bit_embedding.h"

#include <fmt/format.h>

#include "reference/rewrite/weight_pattern.h"

namespace plumb::graph {
namespace {

struct Site {
  Site(const Editor& editor, int anchor) : editor(editor), anchor(anchor) {}
  [[nodiscard]] const Node& node() const { return editor.node(anchor); }

  const Editor& editor;
  int anchor;
  WeightPattern weight = {};
};

std::string dequantised(Site& site) {
  return is_dequantised(site.editor, traced(site.editor, site.node(), "weight"), site.weight);
}
std::string range(Site& site) { return has_range(site.editor, site.weight, -8, 7); }
std::string input_type(Site& site) { return from_i8(site.editor, site.weight); }
std::string codes(Site& site) { return codes_are_parameter(site.editor, site.weight); }
std::string groups(Site& site) { return has_groups(site.editor, site.weight); }

std::string of_32(Site& site) {
  return site.weight.columns % 32 == 0
             ? ""
             : fmt::format("table {} has {} columns", named(site.editor, site.weight.codes), site.weight.columns);
}
std::string scales(Site& site) {
  std::string found = scales_are_parameter(site.editor, site.weight);
  if (found.empty() && constant_at(site.editor, site.weight.scales)->type.shape.size() != 2) {
    found = fmt::format("scales {} have rank 1", named(site.editor, site.weight.scales));
  }
  return found;
}
std::string zeros(Site& site) { return zero_points_are_zero(site.editor, site.weight); }
std::string in_range(Site& site) { return codes_within(site.editor, site.weight, -8, 7); }

// The fused operator always answers f32.
std::string result_f32(Site& site) {
  const Element element = site.node().results[0].element;
  return element == Element::f32 ? "" : fmt::format("'{}' gives {}", site.node().name, to_string(element));
}
std::string whole_indices(Site& site) {
  const std::optional<Ref> indices = traced(site.editor, site.node(), "indices");
  if (!indices) return "there are no indices";
  const Element element = site.editor.graph().type(*indices).element;
  return element == Element::i32 || element == Element::i64
             ? ""
             : fmt::format("indices {} are {}", named(site.editor, indices), to_string(element));
}

void replace_with(Editor& editor, Site& site, Ref table) {
  const std::optional<Ref> indices = traced(editor, site.node(), "indices");
  Node fused{.name = "et_vk_embedding_q4gsw_default", .op = "et_vk::embedding_q4gsw"};
  fused.arguments = {{table}, {*site.weight.scales}, {site.weight.group}, {*indices}, {true}};
  fused.results = site.node().results;
  const Ref result = editor.add(std::move(fused));
  editor.redirect({site.anchor, 0}, result);
  editor.remove_unread(site.anchor);
}

void replace(Editor& editor, Site& site, const Packer& packer) {
  replace_with(editor, site, packed_codes(editor, site.weight, packer));
}

// ---- decomposed ----

std::string dtype_overload(Site& site) {
  return site.node().op.ends_with(".dtype") ? "" : fmt::format("'{}' is {}", site.node().name, site.node().op);
}

std::string own_range(Site& site) {
  site.weight.dequantize = site.anchor;
  return range(site);
}

std::string own_zeros(Site& site) {
  const Argument& given = argument_named(site.node(), "zero_points");
  if (given.is_none()) return "";
  const std::optional<Ref> ref = traced(site.editor, given);
  const Constant* constant = constant_at(site.editor, ref);
  if (constant == nullptr) return fmt::format("zero points {} are no parameter", named(site.editor, ref));
  return all_zero(*constant) ? "" : fmt::format("zero points {} are not all 0", named(site.editor, ref));
}

std::string own_table(Site& site) {
  site.weight.codes = traced(site.editor, site.node(), "weight");
  const Constant* table = constant_at(site.editor, site.weight.codes);
  if (table == nullptr) return fmt::format("table {} is no parameter", named(site.editor, site.weight.codes));
  if (table->type.element != Element::u8 || table->type.shape.size() != 2)
    return fmt::format("table {} is {}", named(site.editor, site.weight.codes), to_string(table->type));
  site.weight.rows = table->type.shape[0];
  site.weight.columns = 2 * table->type.shape[1];
  return "";
}

std::string own_scales(Site& site) {
  site.weight.scales = traced(site.editor, site.node(), "scales");
  const Constant* scales = constant_at(site.editor, site.weight.scales);
  if (scales == nullptr) return fmt::format("scales {} are no parameter", named(site.editor, site.weight.scales));
  const Shape& shape = scales->type.shape;
  const bool fits = scales->type.element == Element::f32 && shape.size() == 2 && shape[0] == site.weight.rows &&
                    shape[1] > 0 && site.weight.columns % shape[1] == 0;
  if (!fits) return fmt::format("scales {} are {}", named(site.editor, site.weight.scales), to_string(scales->type));
  site.weight.group = site.weight.columns / shape[1];
  return "";
}

void replace_decomposed(Editor& editor, Site& site, const Packer& packer) {
  const Ref table = editor.packed(site.weight.codes->node, kPackedWeight, [&] {
    return constant_of(
        packer.pack("repack_embedding", {tensor_of(*editor.node(*site.weight.codes).constant)}, {{"to", 0}}));
  });
  replace_with(editor, site, table);
}

}  // namespace

Rewrite embedding_q4gsw_fusion() {
  return declare<Site>("embedding_q4gsw", "embedding in a dequantised 4-bit table -> et_vk::embedding_q4gsw",
                       {"aten::embedding"}, Equivalence::bit_for_bit,
                       {{"the table is dequantised", dequantised},
                        {"quant_min and quant_max are -8 and 7", range},
                        {"from i8", input_type},
                        {"the codes are a parameter of i8", codes},
                        {"in groups along rows that fill them", groups},
                        {"columns are a multiple of 32", of_32},
                        {"the scales are a parameter of f32 [rows, groups]", scales},
                        {"zero points are absent or 0", zeros},
                        {"the codes lie in their range", in_range},
                        {"the result is f32", result_f32},
                        {"indices are i32 or i64", whole_indices}},
                       replace);
}

Rewrite decomposed_embedding_fusion() {
  return declare<Site>("embedding_q4gsw_decomposed", "quantized_decomposed::embedding_4bit -> et_vk::embedding_q4gsw",
                       {"quantized_decomposed::embedding_4bit", "quantized_decomposed::embedding_4bit.dtype"},
                       Equivalence::bit_for_bit,
                       {{"the overload is .dtype", dtype_overload},
                        {"quant_min and quant_max are -8 and 7", own_range},
                        {"zero points are absent or 0", own_zeros},
                        {"the table is a parameter of u8 [rows, columns/2]", own_table},
                        {"columns are a multiple of 32", of_32},
                        {"the scales are a parameter of f32 [rows, groups]", own_scales},
                        {"the result is f32", result_f32},
                        {"indices are i32 or i64", whole_indices}},
                       replace_decomposed);
}

}  // namespace plumb::graph
