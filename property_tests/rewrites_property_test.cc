// Rewrites on graphs made at random around each pattern: they fire exactly when they should, and never change a result.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <array>

#include "property_tests/graph_sketch.h"
#include "runners/rewrite/judge_graphs.h"

namespace plumb::graph {
namespace {

// ---- unpack chains ----

/// One part of a stack: ((p >> shift) & mask), the mask possibly left out or on the left, or applied first.
struct Part {
  int shift, mask;
  bool masks, mask_first, commuted, other_source;

  [[nodiscard]] unsigned of(unsigned byte) const {
    if (!masks) return byte >> shift;
    return mask_first ? (byte & static_cast<unsigned>(mask)) >> shift : (byte >> shift) & static_cast<unsigned>(mask);
  }
};

struct Chain {
  int bits;
  std::vector<Part> parts;
  int dim;  ///< Of the stack; packed bytes have two axes.
  std::int64_t columns;
  Element packed;
  bool is_input, extra_user, reshapes, converts, as_cat;

  /// What the pattern means, not how it is looked for: constant bytes whose fields come out in order, innermost.
  [[nodiscard]] bool should_fire() const {
    const bool of_other = parts[0].other_source;  // a constant, whatever the packed bytes are
    if ((is_input && !of_other) || packed != Element::u8 || static_cast<int>(parts.size()) != 8 / bits) return false;
    const bool innermost = dim == -1 || dim == 2 || ((dim == 1 || dim == -2) && columns == 1);
    for (std::size_t j = 0; j < parts.size(); ++j) {
      if (parts[j].other_source != of_other) return false;
      for (unsigned byte = 0; byte < 256; ++byte) {
        if (parts[j].of(byte) != (byte >> (static_cast<unsigned>(bits) * j) & ((1U << bits) - 1))) return false;
      }
    }
    return innermost;
  }
};

Ref masked(Sketch& sketch, const Part& part, Ref from, Element element, const Shape& shape) {
  if (!part.masks) return from;
  if (!part.commuted)
    return sketch.call("aten::bitwise_and.Scalar", {{from}, {std::int64_t{part.mask}}}, element, shape);
  const Ref mask = sketch.parameter("mask" + std::to_string(sketch.graph.nodes.size()), element, {1},
                                    {static_cast<double>(part.mask)});
  return sketch.call("aten::bitwise_and.Tensor", {{mask}, {from}}, element, shape);
}

Graph graph_of(const Chain& chain) {
  Sketch sketch;
  const Shape shape = {3, chain.columns};
  std::vector<double> bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back((i * 151 + 7) % 128);
  const Ref p = chain.is_input ? sketch.input("packed", chain.packed, shape)
                               : sketch.parameter("packed", chain.packed, shape, bytes);
  const Ref q = sketch.parameter("other", chain.packed, shape, {1, 2, 3});
  List parts;
  for (const Part& part : chain.parts) {
    Ref ref = part.other_source ? q : p;
    if (part.mask_first) ref = masked(sketch, part, ref, chain.packed, shape);
    if (part.shift != 0)
      ref = sketch.call("aten::bitwise_right_shift.Tensor_Scalar", {{ref}, {std::int64_t{part.shift}}}, chain.packed,
                        shape);
    if (!part.mask_first) ref = masked(sketch, part, ref, chain.packed, shape);
    parts.push_back({ref});
  }
  const auto axis = chain.dim < 0 ? chain.dim + 3 : chain.dim;
  Shape stacked = shape;
  stacked.insert(stacked.begin() + axis, static_cast<std::int64_t>(parts.size()));
  if (chain.as_cat) {
    Shape one = shape;
    one.insert(one.begin() + axis, 1);
    for (Argument& part : parts)
      part = {sketch.call("aten::unsqueeze", {part, {std::int64_t{chain.dim}}}, chain.packed, one)};
  }
  Ref result = sketch.call(chain.as_cat ? "aten::cat" : "aten::stack", {{parts}, {std::int64_t{chain.dim}}},
                           chain.packed, stacked);
  if (chain.reshapes) {
    const std::int64_t count = element_count(stacked);
    result = sketch.call("aten::reshape", {{result}, Sketch::list({3, -1})}, chain.packed, {3, count / 3});
    stacked = {3, count / 3};
  }
  if (chain.converts) result = sketch.call("aten::to.dtype", {{result}, {Element::f32}}, Element::f32, stacked);
  sketch.graph.outputs = {result};
  if (chain.extra_user)
    sketch.graph.outputs.push_back(sketch.call("aten::to.dtype", {{p}, {Element::f32}}, Element::f32, shape));
  return sketch.graph;
}

// Mostly the pattern itself, with each near miss now and then.
Chain any_chain() {
  const auto rarely = [](int one_in) { return *rc::gen::inRange(0, one_in) == 0; };
  Chain chain{*rc::gen::element(2, 4),
              {},
              *rc::gen::weightedElement<int>({{6, -1}, {3, 2}, {1, 0}, {1, 1}, {1, -2}}),
              *rc::gen::element<std::int64_t>(1, 4, 5),
              *rc::gen::weightedElement<Element>({{12, Element::u8}, {1, Element::i8}, {1, Element::i32}}),
              rarely(12),
              rarely(3),
              rarely(2),
              !rarely(3),
              rarely(3)};
  for (int j = 0; j < 8 / chain.bits; ++j) {
    const int field = (1 << chain.bits) - 1;
    Part part{j * chain.bits, field, true, false, rarely(3), rarely(40)};
    if (rarely(30)) part.shift = *rc::gen::inRange(0, 8);
    if (rarely(4)) part.mask_first = true, part.mask = field << part.shift;
    if (rarely(20)) part.mask = *rc::gen::element(1, 3, 7, 15, 12, 255);
    if (rarely(6)) part.masks = false;
    chain.parts.push_back(part);
  }
  if (rarely(15)) chain.parts.pop_back();
  if (rarely(20)) std::swap(chain.parts.front(), chain.parts.back());
  if (chain.parts.empty()) chain.parts.push_back({0, 3, true, false, false, false});
  return chain;
}

void expect_proved(const Graph& before, const Rewritten& after, const std::vector<const Rewrite*>& rewrites) {
  const GraphVerdict verdict = judge_rewrite(before, after, rewrites);
  for (const std::string& fault : verdict.faults) RC_FAIL(fault);
}

RC_GTEST_PROP(RewriteProperty, UnpackChainsFireExactlyWhenTheyMeanPackedFields, ()) {
  const Chain chain = any_chain();
  const Graph before = graph_of(chain);
  const auto rewrites = rewrites_named({chain.bits == 2 ? "nncf_u2_stack" : "nncf_u4_stack"});
  const Rewritten after = apply_rewrites(before, rewrites);
  RC_CLASSIFY(!after.applied.empty(), "fired");
  RC_ASSERT(!after.applied.empty() == chain.should_fire());
  expect_proved(before, after, rewrites);
}

RC_GTEST_PROP(RewriteProperty, EverythingAtOnceKeepsUnpackChains, ()) {
  const Graph before = graph_of(any_chain());
  const auto rewrites = rewrites_named({"all", "promote_u2_to_u8", "fold_constants"});
  expect_proved(before, apply_rewrites(before, rewrites), rewrites);
}

RC_GTEST_PROP(RewriteProperty, SignedChainsFireExactlyWhenTheyMeanSignedNibbles, ()) {
  Chain chain = any_chain();
  RC_PRE(chain.bits == 4);
  chain.reshapes = chain.converts = false;
  Sketch sketch{graph_of(chain)};
  const std::int64_t amount = *rc::gen::weightedElement<std::int64_t>({{4, 8}, {1, 7}, {1, -8}});
  const Element signed_type = *rc::gen::weightedElement<Element>({{5, Element::i8}, {1, Element::i32}});
  Ref& output = sketch.graph.outputs[0];
  const Shape shape = sketch.graph.type(output).shape;
  output = sketch.call("aten::to.dtype", {{output}, {signed_type}}, signed_type, shape);
  output = sketch.call("aten::sub.Scalar", {{output}, {amount}}, signed_type, shape);
  const auto rewrites = rewrites_named({"nncf_i4_stack"});
  const Rewritten after = apply_rewrites(sketch.graph, rewrites);
  RC_ASSERT(!after.applied.empty() == (chain.should_fire() && amount == 8 && signed_type == Element::i8));
  expect_proved(sketch.graph, after, rewrites);
}

// ---- quantised layers ----

struct Layers {
  std::int64_t rows, columns, group;
  bool embeds, multiplies, head_first, ties_codes, ties_scales, has_bias, transposes, views, zeros_given,
      zeros_not_zero, reads_codes, reads_weight, wide_range;
  double alpha;

  [[nodiscard]] bool legal_weight() const { return !(zeros_given && zeros_not_zero); }
  [[nodiscard]] bool embedding_fires() const { return embeds && legal_weight() && columns % 32 == 0 && !wide_range; }
  [[nodiscard]] bool linear_fires() const {
    return multiplies && legal_weight() && columns % 4 == 0 && transposes && !(has_bias && alpha != 1);
  }
};

class LayerSketch {
 public:
  explicit LayerSketch(const Layers& layers) : layers_(layers) {}

  Graph graph() {
    x_ = sketch_.input("x", Element::i64, {5});
    h_ = sketch_.input("h", Element::f32, layers_.views ? Shape{2, 3, layers_.columns} : Shape{6, layers_.columns});
    if (layers_.head_first && layers_.multiplies) multiply();
    if (layers_.embeds) embed();
    if (!layers_.head_first && layers_.multiplies) multiply();
    return sketch_.graph;
  }

 private:
  // Codes, scales and zero points under the layer's name, or those of the other layer where they are tied.
  Ref weight(const std::string& layer) {
    const Shape grid = {layers_.rows, layers_.columns / layers_.group};
    std::vector<double> codes, scales;
    for (int i = 0; i < 97; ++i)
      codes.push_back((i * 7 + static_cast<int>(layer.size())) % 16 - 8), scales.push_back(0.01 * (1 + (i * 37) % 89));
    if (!layers_.ties_codes || codes_.node < 0)
      codes_ = sketch_.parameter(layer + ".codes", Element::i8, {layers_.rows, layers_.columns}, codes);
    if (!layers_.ties_scales || scales_.node < 0)
      scales_ = sketch_.parameter(layer + ".scales", Element::f32, grid, scales);
    Argument zeros;
    if (layers_.zeros_given)
      zeros = {sketch_.parameter(layer + ".zeros", Element::i8, grid, {layers_.zeros_not_zero ? 1.0 : 0.0})};
    const std::int64_t low = layers_.wide_range ? -128 : -8, high = layers_.wide_range ? 127 : 7;
    const Ref w =
        sketch_.call("torchao::dequantize_affine",
                     {{codes_}, Sketch::list({1, layers_.group}), {scales_}, zeros, {Element::i8}, {low}, {high}},
                     Element::f32, {layers_.rows, layers_.columns});
    if (layers_.reads_codes)
      output(sketch_.call("aten::to.dtype", {{codes_}, {Element::f32}}, Element::f32, {layers_.rows, layers_.columns}));
    if (layers_.reads_weight) output(w);
    return w;
  }

  void output(Ref ref) { sketch_.graph.outputs.push_back(ref); }

  void embed() {
    output(sketch_.call("aten::embedding", {{weight("embed")}, {x_}}, Element::f32, {5, layers_.columns}));
  }

  void multiply() {
    Ref w = weight("head"), h = h_;
    const std::int64_t n = layers_.rows;
    if (layers_.transposes)
      w = sketch_.call("aten::permute_copy", {{w}, Sketch::list({1, 0})}, Element::f32, {layers_.columns, n});
    if (layers_.views)
      h = sketch_.call("aten::view_copy", {{h}, Sketch::list({6, layers_.columns})}, Element::f32,
                       {6, layers_.columns});
    Ref y;
    if (layers_.has_bias) {
      y = sketch_.call("aten::addmm", {{sketch_.parameter("head.bias", Element::f32, {n}, {1, -2, 0.5})}, {h}, {w}},
                       Element::f32, {6, n});
      if (layers_.alpha != 1) sketch_.graph.at(y).named["alpha"] = {layers_.alpha};
    } else {
      y = sketch_.call("aten::mm", {{h}, {w}}, Element::f32, {6, n});
    }
    if (layers_.views) y = sketch_.call("aten::view_copy", {{y}, Sketch::list({2, 3, n})}, Element::f32, {2, 3, n});
    output(y);
  }

  const Layers& layers_;
  Sketch sketch_;
  Ref x_, h_, codes_, scales_;
};

Layers any_layers() {
  const auto rarely = [](int one_in) { return *rc::gen::inRange(0, one_in) == 0; };
  Layers layers{};
  layers.transposes = !rarely(8);
  layers.rows = *rc::gen::element<std::int64_t>(4, 8, 12, 5);
  layers.columns = layers.transposes ? *rc::gen::element<std::int64_t>(32, 64, 96, 36, 30) : layers.rows;
  layers.group = *rc::gen::element<std::int64_t>(1, 2, 4, 16, 32);
  while (layers.columns % layers.group != 0) layers.group /= 2;
  for (bool* often : {&layers.embeds, &layers.multiplies, &layers.head_first, &layers.ties_codes, &layers.ties_scales,
                      &layers.has_bias, &layers.views, &layers.zeros_given}) {
    *often = *rc::gen::arbitrary<bool>();
  }
  layers.embeds = layers.embeds || !layers.multiplies;
  for (bool* seldom : {&layers.zeros_not_zero, &layers.reads_codes, &layers.reads_weight, &layers.wide_range})
    *seldom = rarely(6);
  layers.alpha = rarely(5) ? 2 : 1;
  return layers;
}

RC_GTEST_PROP(RewriteProperty, QuantisedLayersFireExactlyWhenTheyMay, ()) {
  const Layers layers = any_layers();
  const Graph before = LayerSketch(layers).graph();
  const auto rewrites = rewrites_named({"all"});
  const Rewritten after = apply_rewrites(before, rewrites);
  std::array<int, 2> fired{};
  for (const Applied& applied : after.applied) ++fired[applied.rewrite == "embedding_q4gsw" ? 0 : 1];
  RC_CLASSIFY(fired[0] > 0 && fired[1] > 0 && layers.ties_codes && layers.ties_scales, "tied, both fused");
  RC_ASSERT(fired[0] == (layers.embedding_fires() ? 1 : 0));
  RC_ASSERT(fired[1] == (layers.linear_fires() ? 1 : 0));
  expect_proved(before, after, rewrites);
}

// ---- quantised activations ----

/// Near misses of linear_dq8ca_q4gsw's activation.
struct Activation {
  bool whole_tensor, other_range, other_zero, narrow, views;
  bool splits;  ///< The view in between makes three rows of one, so that the rows quantised are not those multiplied.
  [[nodiscard]] bool should_fire() const { return !whole_tensor && !other_range && !other_zero && !narrow && !splits; }
};

Graph graph_of(const Activation& activation) {
  Sketch sketch;
  constexpr std::int64_t kColumns = 32, kRows = 8;
  const Shape shape = activation.splits ? Shape{2, 3 * kColumns} : Shape{2, 3, kColumns};
  const Ref x = sketch.input("x", Element::f32, shape);
  Shape row(shape.size(), 1), rows(shape.begin(), shape.end() - 1);
  row.back() = shape.back();
  const Argument block = Sketch::list(activation.whole_tensor ? shape : row);
  const Shape grid = activation.whole_tensor ? Shape{} : rows;
  const std::int64_t low = activation.narrow ? -127 : -128;
  const Ref choice = sketch.graph.add(
      {.name = "choice",
       .op = "torchao::choose_qparams_affine",
       .arguments =
           {{x}, {std::string("ASYMMETRIC")}, block, {Element::i8}, {low}, {std::int64_t{127}}, {}, {}, {Element::i8}},
       .results = {{Element::f32, grid}, {Element::i8, grid}}});
  const Ref scale = choice, zero = {choice.node, 1};
  const Ref other = sketch.parameter("zero", Element::i8, grid, {1});
  const Ref q =
      sketch.call("torchao::quantize_affine", {{x}, block, {scale}, {zero}, {Element::i8}, {low}, {std::int64_t{127}}},
                  Element::i8, shape);
  const std::int64_t high = activation.other_range ? 126 : 127;
  Ref h = sketch.call("torchao::dequantize_affine",
                      {{q}, block, {scale}, {activation.other_zero ? other : zero}, {Element::i8}, {low}, {high}},
                      Element::f32, shape);
  const Ref codes = sketch.parameter("codes", Element::i8, {kRows, kColumns}, {-8, 7, 3, -2, 0});
  const Ref scales = sketch.parameter("scales", Element::f32, {kRows, 2}, {0.5, 0.25, 0.125});
  Ref w =
      sketch.call("torchao::dequantize_affine",
                  {{codes}, Sketch::list({1, 16}), {scales}, {}, {Element::i8}, {std::int64_t{-8}}, {std::int64_t{7}}},
                  Element::f32, {kRows, kColumns});
  if (!activation.views) {
    sketch.graph.outputs = {sketch.call("aten::linear", {{h}, {w}}, Element::f32, {2, 3, kRows})};
    return sketch.graph;
  }
  w = sketch.call("aten::permute_copy", {{w}, Sketch::list({1, 0})}, Element::f32, {kColumns, kRows});
  h = sketch.call("aten::view_copy", {{h}, Sketch::list({6, kColumns})}, Element::f32, {6, kColumns});
  sketch.graph.outputs = {sketch.call("aten::mm", {{h}, {w}}, Element::f32, {6, kRows})};
  return sketch.graph;
}

RC_GTEST_PROP(RewriteProperty, DynamicActivationsFireExactlyWhenTheyMay, ()) {
  Activation activation{};
  for (bool* miss : {&activation.whole_tensor, &activation.other_range, &activation.other_zero, &activation.narrow,
                     &activation.splits})
    *miss = *rc::gen::inRange(0, 6) == 0;
  activation.views = activation.splits || *rc::gen::arbitrary<bool>();
  const Graph before = graph_of(activation);
  const auto rewrites = rewrites_named({"all"});
  const Rewritten after = apply_rewrites(before, rewrites);
  RC_ASSERT(after.applied.size() == (activation.should_fire() ? 1U : 0U));
  expect_proved(before, after, rewrites);
}

}  // namespace
}  // namespace plumb::graph
