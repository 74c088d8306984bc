// Fusions of layers that rewrites_property_test.cc leaves out, on graphs made at random around their patterns.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "property_tests/expect_fired.h"
#include "property_tests/graph_sketch.h"

namespace plumb::graph {
namespace {

bool rarely(int one_in = 6) { return *rc::gen::inRange(0, one_in) == 0; }

Argument whole(std::int64_t value) { return {value}; }

// ---- embeddings in a table that is packed already ----

/// quantized_decomposed::embedding_4bit and near misses of what the device's kernel does.
struct Lookup {
  bool without_dtype, other_range, table_is_input, flat_scales, half_scales, half_result, gives_zeros, zeros_not_zero,
      short_indices, reads_table;
  std::int64_t columns, groups;

  [[nodiscard]] bool should_fire() const {
    return !without_dtype && !other_range && !table_is_input && !flat_scales && !half_scales && !half_result &&
           !(gives_zeros && zeros_not_zero) && !short_indices && columns % 32 == 0;
  }
};

Graph graph_of(const Lookup& lookup) {
  constexpr std::int64_t kRows = 5;
  Sketch sketch;
  const Element index = lookup.short_indices ? Element::i16 : Element::i64;
  const Ref indices = sketch.input("indices", index, {2, 3});
  std::vector<double> bytes;
  for (int i = 0; i < 251; ++i) bytes.push_back((i * 77 + 3) % 256);
  const Shape packed = {kRows, lookup.columns / 2};
  const Ref table = lookup.table_is_input ? sketch.input("table", Element::u8, packed)
                                          : sketch.parameter("table", Element::u8, packed, bytes);
  const Shape grid = lookup.flat_scales ? Shape{kRows} : Shape{kRows, lookup.groups};
  const Element half = Element::f16, single = Element::f32;
  const Ref scales = sketch.parameter("scales", lookup.half_scales ? half : single, grid, {0.5, 0.25, 0.125, 2});
  Argument zeros;
  if (lookup.gives_zeros) zeros = {sketch.parameter("zeros", Element::i8, grid, {lookup.zeros_not_zero ? 1.0 : 0.0})};
  std::vector<Argument> arguments = {
      {table}, {scales}, zeros, whole(lookup.other_range ? 0 : -8), whole(lookup.other_range ? 15 : 7), {indices}};
  const Element result = lookup.half_result || (lookup.without_dtype && lookup.half_scales) ? half : single;
  const Ref y = sketch.call(
      lookup.without_dtype ? "quantized_decomposed::embedding_4bit" : "quantized_decomposed::embedding_4bit.dtype",
      std::move(arguments), result, {2, 3, lookup.columns});
  if (!lookup.without_dtype) sketch.graph.at(y).named["dtype"] = {result};
  sketch.graph.outputs = {y};
  if (lookup.reads_table)
    sketch.graph.outputs.push_back(sketch.call("aten::to.dtype", {{table}, {single}}, single, packed));
  return sketch.graph;
}

RC_GTEST_PROP(FusedLayerProperty, PackedTablesFuseExactlyWhenTheyMay, ()) {
  Lookup lookup{};
  for (bool* miss :
       {&lookup.without_dtype, &lookup.other_range, &lookup.table_is_input, &lookup.flat_scales, &lookup.half_scales,
        &lookup.half_result, &lookup.zeros_not_zero, &lookup.short_indices, &lookup.reads_table}) {
    *miss = rarely(12);
  }
  lookup.gives_zeros = *rc::gen::arbitrary<bool>();
  lookup.columns = *rc::gen::weightedElement<std::int64_t>({{3, 32}, {3, 64}, {1, 48}, {1, 16}});
  lookup.groups = lookup.flat_scales ? 1 : *rc::gen::element<std::int64_t>(1, 2, 4);
  expect_fired(graph_of(lookup), "embedding_q4gsw_decomposed", lookup.should_fire() ? 1 : 0);
}

// ---- Int4PlainInt32Tensor ----

struct Plain {
  Element x;
  bool plain_weight, codes_are_input, has_bias, scales_first;
  [[nodiscard]] bool should_fire() const { return !plain_weight && !codes_are_input && x != Element::f32; }
};

Graph graph_of(const Plain& plain) {
  constexpr std::int64_t kOutputs = 4, kColumns = 16, kGroup = 8;
  Sketch sketch;
  const Ref x = sketch.input("x", plain.x, {3, kColumns});
  Argument bias;
  if (plain.has_bias) bias = {sketch.parameter("bias", plain.x, {kOutputs}, {1, -2, 0.5})};
  Ref w;
  if (plain.plain_weight) {
    w = sketch.parameter("w", plain.x, {kOutputs, kColumns}, {0.5, -0.25, 1, 0.125, -2});
  } else {
    const Shape words = {kOutputs, kColumns / 8}, grid = {kColumns / kGroup, kOutputs};
    const Ref qdata = plain.codes_are_input
                          ? sketch.input("qdata", Element::i32, words)
                          : sketch.parameter("qdata", Element::i32, words, {123456789, -987654321, 19088743, 7});
    const Ref scale = sketch.parameter("scale", plain.x, grid, {0.5, 0.25, 0.125, 1, 0.75});
    const Ref zero = sketch.parameter("zero", Element::i8, grid, {0, 3, 7, 8, 15});
    w = sketch.call("torchao::Int4PlainInt32Tensor", {{qdata}, {scale}, {zero}, whole(kGroup)}, plain.x,
                    {kOutputs, kColumns});
  }
  sketch.graph.outputs = {sketch.call("aten::linear", {{x}, {w}, bias}, plain.x, {3, kOutputs})};
  return sketch.graph;
}

RC_GTEST_PROP(FusedLayerProperty, PlainInt32WeightsAreDispatchedExactlyWhenTheyMay, ()) {
  Plain plain{};
  plain.x = *rc::gen::weightedElement<Element>({{3, Element::bf16}, {3, Element::f16}, {1, Element::f32}});
  plain.plain_weight = rarely();
  plain.codes_are_input = rarely();
  plain.has_bias = *rc::gen::arbitrary<bool>();
  expect_fired(graph_of(plain), "int4_plain_int32_linear", plain.should_fire() ? 1 : 0);
}

// ---- 8-bit weights, an activation quantised with one scale ----

struct EightBit {
  bool quantises_result, narrow_result, reads_result, narrow_activation, other_scale, float_activation, half_activation,
      zeros_not_zero, cuts, has_bias, bias_is_input, as_mm;
  std::int64_t columns;

  [[nodiscard]] bool may_fuse() const {
    return !narrow_activation && !other_scale && !float_activation && !zeros_not_zero && !cuts &&
           !(has_bias && bias_is_input) && columns % 4 == 0;
  }
  // A layer that is given codes does not care what they were made of.
  [[nodiscard]] bool from_floats() const { return may_fuse() && !half_activation; }
  [[nodiscard]] bool in_codes() const { return may_fuse() && quantises_result && !narrow_result && !reads_result; }
};

class EightBitSketch {
 public:
  explicit EightBitSketch(const EightBit& layer) : layer_(layer) {}

  Graph graph() {
    const Ref h = activation();
    const Ref y = product(h);
    if (layer_.quantises_result) {
      sketch_.graph.outputs = {quantised(y, 0.0625, -2, layer_.narrow_result ? -127 : -128, {3, kRows})};
    }
    if (!layer_.quantises_result || layer_.reads_result) sketch_.graph.outputs.push_back(y);
    return sketch_.graph;
  }

 private:
  static constexpr std::int64_t kRows = 4;

  Ref quantised(Ref from, double scale, std::int64_t zero, std::int64_t low, const Shape& shape) {
    return sketch_.call("quantized_decomposed::quantize_per_tensor",
                        {{from}, {scale}, whole(zero), whole(low), whole(127), {Element::i8}}, Element::i8, shape);
  }

  Ref activation() {
    const Shape rows = {3, layer_.columns}, shape = layer_.cuts ? Shape{1, 3 * layer_.columns} : rows;
    const Ref x = sketch_.input("x", layer_.half_activation ? Element::f16 : Element::f32, shape);
    if (layer_.float_activation) return layer_.cuts ? view(x, rows) : x;
    const std::int64_t low = layer_.narrow_activation ? -127 : -128;
    const double scale = layer_.other_scale ? 0.0625 : 0.05;
    const Ref h =
        sketch_.call("quantized_decomposed::dequantize_per_tensor",
                     {{quantised(x, 0.05, 3, low, shape)}, {scale}, whole(3), whole(low), whole(127), {Element::i8}},
                     Element::f32, shape);
    return layer_.cuts ? view(h, rows) : h;
  }

  Ref view(Ref from, const Shape& shape) {
    return sketch_.call("aten::view_copy", {{from}, Sketch::list(shape)}, Element::f32, shape);
  }

  Ref product(Ref h) {
    const Shape weight = {kRows, layer_.columns};
    const Ref codes = sketch_.parameter("codes", Element::i8, weight, {-128, 5, 127, -3, 64, -77, 0});
    const Ref scales = sketch_.parameter("scales", Element::f32, {kRows}, {0.03125, 0.0625, 0.125, 0.25});
    Argument zeros;
    if (layer_.zeros_not_zero) zeros = {sketch_.parameter("zeros", Element::i8, {kRows}, {1, 0, 2, 0})};
    Ref w = sketch_.call("quantized_decomposed::dequantize_per_channel",
                         {{codes}, {scales}, zeros, whole(0), whole(-128), whole(127), {Element::i8}}, Element::f32,
                         weight);
    Argument bias;
    if (layer_.has_bias) {
      bias = {layer_.bias_is_input ? sketch_.input("bias", Element::f32, {kRows})
                                   : sketch_.parameter("bias", Element::f32, {kRows}, {1, -2, 0.5, 3})};
    }
    if (!layer_.as_mm) return sketch_.call("aten::linear", {{h}, {w}, bias}, Element::f32, {3, kRows});
    w = sketch_.call("aten::permute_copy", {{w}, Sketch::list({1, 0})}, Element::f32, {layer_.columns, kRows});
    if (layer_.has_bias) return sketch_.call("aten::addmm", {bias, {h}, {w}}, Element::f32, {3, kRows});
    return sketch_.call("aten::mm", {{h}, {w}}, Element::f32, {3, kRows});
  }

  const EightBit& layer_;
  Sketch sketch_;
};

EightBit any_eight_bit() {
  EightBit layer{};
  for (bool* miss :
       {&layer.narrow_result, &layer.reads_result, &layer.narrow_activation, &layer.other_scale,
        &layer.float_activation, &layer.half_activation, &layer.zeros_not_zero, &layer.cuts, &layer.bias_is_input}) {
    *miss = rarely(12);
  }
  layer.half_activation = layer.half_activation && !layer.float_activation;
  for (bool* often : {&layer.quantises_result, &layer.has_bias, &layer.as_mm}) *often = *rc::gen::arbitrary<bool>();
  layer.columns = *rc::gen::weightedElement<std::int64_t>({{3, 8}, {3, 36}, {1, 6}});
  return layer;
}

RC_GTEST_PROP(FusedLayerProperty, EightBitLayersFuseExactlyWhenTheyMay, ()) {
  const EightBit layer = any_eight_bit();
  const Graph before = EightBitSketch(layer).graph();
  expect_fired(before, "q8ta_linear", layer.in_codes() ? 1 : 0);
  expect_fired(before, "linear_q8ta_q8csw", layer.from_floats() ? 1 : 0);
}

}  // namespace
}  // namespace plumb::graph
