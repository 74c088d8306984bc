#include "reference/rewrite/weight_pattern.h"

#include <fmt/format.h>

#include "reference/rewrite/four_bit_embedding.h"

namespace plumb::graph {

std::string is_dequantised(const Editor& editor, const std::optional<Ref>& weight, WeightPattern& pattern) {
  if (!weight) return "there is no weight";
  const Node& node = editor.node(*weight);
  if (node.op != "torchao::dequantize_affine" && node.op != "quantized_decomposed::dequantize_per_channel") {
    return fmt::format("weight '{}' is {}", node.name, node.kind == Kind::call ? node.op : "no call");
  }
  pattern.dequantize = weight->node;
  return "";
}

std::string has_range(const Editor& editor, const WeightPattern& pattern, double low, double high) {
  const Node& node = editor.node(pattern.dequantize);
  const std::optional<double> min = number_at(editor, argument_named(node, "quant_min"));
  const std::optional<double> max = number_at(editor, argument_named(node, "quant_max"));
  if (min == low && max == high) return "";
  const auto text = [](const std::optional<double>& value) { return value ? fmt::format("{}", *value) : "absent"; };
  return fmt::format("'{}': quant_min is {}, quant_max is {}", node.name, text(min), text(max));
}

std::string from_i8(const Editor& editor, const WeightPattern& pattern) {
  const Node& node = editor.node(pattern.dequantize);
  const std::string_view name = node.op == "torchao::dequantize_affine" ? "input_dtype" : "dtype";
  const auto* element = std::get_if<Element>(&argument_named(node, name).value);
  if (element != nullptr && *element == Element::i8) return "";
  return fmt::format("'{}': {} is {}", node.name, name, element != nullptr ? to_string(*element) : "absent");
}

std::string codes_are_parameter(const Editor& editor, WeightPattern& pattern) {
  const Node& node = editor.node(pattern.dequantize);
  pattern.codes = traced(editor, node, "input");
  if (constant_at(editor, pattern.codes) == nullptr)
    return fmt::format("codes {} are no parameter", named(editor, pattern.codes));
  const Element element = editor.node(*pattern.codes).results[0].element;
  return element == Element::i8 ? "" : fmt::format("codes {} are {}", named(editor, pattern.codes), to_string(element));
}

std::string has_groups(const Editor& editor, WeightPattern& pattern) {
  const Node& node = editor.node(pattern.dequantize);
  const Shape& shape = editor.node(*pattern.codes).results[0].shape;
  if (shape.size() != 2) return fmt::format("codes {} are {}", named(editor, pattern.codes), plumb::to_string(shape));
  pattern.rows = shape[0];
  pattern.columns = shape[1];
  if (node.op == "quantized_decomposed::dequantize_per_channel") {
    pattern.group = pattern.columns;
    const std::optional<double> axis = number_at(editor, argument_named(node, "axis"));
    return axis == 0 ? "" : fmt::format("'{}': axis is not 0", node.name);
  }
  const auto block = integers_at(editor, argument_named(node, "block_size"));
  if (!block || block->size() != 2 || (*block)[0] != 1) {
    return fmt::format("'{}': block_size is {}", node.name, block ? plumb::to_string(*block) : "no list");
  }
  pattern.group = (*block)[1];
  if (pattern.group > 0 && pattern.columns > 0 && pattern.columns % pattern.group == 0) return "";
  return fmt::format("'{}': groups of {} in {} columns", node.name, pattern.group, pattern.columns);
}

std::string scales_are_parameter(const Editor& editor, WeightPattern& pattern) {
  pattern.scales = traced(editor, editor.node(pattern.dequantize), "scale");
  const Constant* scales = constant_at(editor, pattern.scales);
  if (scales == nullptr) return fmt::format("scales {} are no parameter", named(editor, pattern.scales));
  if (scales->type.element != Element::f32)
    return fmt::format("scales {} are {}", named(editor, pattern.scales), to_string(scales->type));
  const std::int64_t groups = pattern.columns / pattern.group;
  const bool fits =
      scales->type.shape == Shape{pattern.rows, groups} || (groups == 1 && scales->type.shape == Shape{pattern.rows});
  return fits ? "" : fmt::format("scales {} are {}", named(editor, pattern.scales), to_string(scales->type));
}

std::string zero_points_are_zero(const Editor& editor, const WeightPattern& pattern) {
  const Argument& given = argument_named(editor.node(pattern.dequantize), "zero_point");
  if (given.is_none()) return "";
  const std::optional<Ref> ref = traced(editor, given);
  if (!ref) return number_at(editor, given) == 0 ? "" : "zero point is not 0";
  const Constant* zeros = constant_at(editor, ref);
  if (zeros == nullptr) return fmt::format("zero points {} are no parameter", named(editor, ref));
  return all_zero(*zeros) ? "" : fmt::format("zero points {} are not all 0", named(editor, ref));
}

std::string codes_within(const Editor& editor, const WeightPattern& pattern, double low, double high) {
  const Constant& codes = *constant_at(editor, pattern.codes);
  for (std::int64_t i = 0; i < codes.size(); ++i) {
    if (!(codes.at(i) >= low && codes.at(i) <= high))
      return fmt::format("codes {} hold {}", named(editor, pattern.codes), codes.at(i));
  }
  return "";
}

Ref packed_codes(Editor& editor, const WeightPattern& pattern, const Packer& packer) {
  return editor.packed(pattern.codes->node, kPackedWeight, [&] {
    const Tensor codes = tensor_of(*editor.node(*pattern.codes).constant);
    return constant_of(
        packer.pack("pack_q4gsw", {codes}, {{"padding", 8}, {"code", static_cast<std::int64_t>(DType::i8)}}));
  });
}

}  // namespace plumb::graph
