// Publicly reported mistakes of graph rewrites, planted again: verify has to catch each one, and to pass the right
// rewrite of the same graph.
#include <gtest/gtest.h>

#include <algorithm>

#include "property_tests/graph_sketch.h"
#include "reference/error.h"
#include "reference/rewrite/compressed_constants.h"
#include "runners/rewrite/judge_graphs.h"
#include "runners/rewrite/load.h"

namespace plumb::graph {
namespace {

std::string all_of(const GraphVerdict& verdict) {
  std::string text;
  for (const std::string& fault : verdict.faults) text += fault + "\n";
  for (const std::string& cause : verdict.causes) text += "cause: " + cause + "\n";
  return text;
}

void expect_caught(const Graph& before, const Graph& after, const std::string& by) {
  const GraphVerdict verdict = judge_graphs(before, after);
  EXPECT_EQ(verdict.exit_code(), 1);
  EXPECT_NE(all_of(verdict).find(by), std::string::npos) << all_of(verdict);
}

Rewritten right(const Graph& before) {
  const auto rewrites = rewrites_named({"all"});
  Rewritten after = apply_rewrites(before, rewrites);
  EXPECT_EQ(judge_rewrite(before, after, rewrites).exit_code(), 0) << all_of(judge_rewrite(before, after, rewrites));
  EXPECT_EQ(judge_graphs(before, after.graph).exit_code(), 0) << all_of(judge_graphs(before, after.graph));
  return after;
}

Node& node_of(Graph& graph, std::string_view op) {
  const auto found = std::ranges::find_if(graph.nodes, [&](const Node& node) { return node.op == op; });
  if (found == graph.nodes.end()) throw Error("there is no " + std::string(op));
  return *found;
}

std::vector<double> some(int count, int step, double factor, double add) {
  std::vector<double> values;
  for (int i = 0; i < count; ++i) values.push_back((i * step % count + add) * factor);
  return values;
}

/// An embedding and a linear layer with a weight each or one for both, alpha on the latter.
Graph layers(bool tied, double alpha = 1) {
  Sketch sketch;
  const Ref x = sketch.input("x", Element::i64, {5}), h = sketch.input("h", Element::f32, {3, 32});
  const auto weight = [&](const std::string& name) {
    const Ref codes = sketch.parameter(name + ".codes", Element::i8, {4, 32}, some(16, 5, 1, -8));
    const Ref scales = sketch.parameter(name + ".scales", Element::f32, {4, 4}, some(16, 7, 0.125, 1));
    return sketch.call(
        "torchao::dequantize_affine",
        {{codes}, Sketch::list({1, 8}), {scales}, {}, {Element::i8}, {std::int64_t{-8}}, {std::int64_t{7}}},
        Element::f32, {4, 32});
  };
  const Ref table = weight("embed");
  Ref matrix = tied ? Ref{} : weight("head");
  if (tied) {
    Node again = sketch.graph.at(table);
    again.name += "_again";
    matrix = sketch.graph.add(std::move(again));
  }
  const Ref turned = sketch.call("aten::permute_copy", {{matrix}, Sketch::list({1, 0})}, Element::f32, {32, 4});
  const Ref bias = sketch.parameter("head.bias", Element::f32, {4}, {1, -2, 3, 0.5});
  const Ref y = sketch.call("aten::addmm", {{bias}, {h}, {turned}}, Element::f32, {3, 4});
  if (alpha != 1) sketch.graph.at(y).named["alpha"] = {alpha};
  sketch.graph.outputs = {sketch.call("aten::embedding", {{table}, {x}}, Element::f32, {5, 32}), y};
  return sketch.graph;
}

void scale_by(Graph& graph, Ref ref, double factor) {
  Values values = values_of(*graph.at(ref).constant);
  for (double& value : values.value) value *= factor;
  graph.at(ref).constant = constant_of(values);
}

// R01: the weight is packed a second time, its bytes taken for codes.
TEST(RewriteFaults, R01SharedWeightPackedTwice) {
  const Graph before = layers(true);
  Graph after = right(before).graph;
  const Ref table = *node_of(after, "et_vk::embedding_q4gsw").arguments[0].ref();
  Values bytes = values_of(*after.at(table).constant);
  for (double& value : bytes.value) value = static_cast<double>((static_cast<unsigned>(value) ^ 0x88U) & 255U);
  after.at(table).constant = constant_of(bytes);
  expect_caught(before, after, "is made of no constant before");
}

// R01, the other way: the scales are turned in place under the embedding that shares them.
TEST(RewriteFaults, R01SharedScalesTurnedInPlace) {
  const Graph before = layers(true);
  Graph after = right(before).graph;
  const Argument turned = node_of(after, "et_vk::linear_q4gsw").arguments[2];
  node_of(after, "et_vk::embedding_q4gsw").arguments[1] = turned;
  expect_caught(before, after, "cause: scales 'embed.scales'");
}

// R02: alpha goes into the scales, and the bias is multiplied by it, too.
TEST(RewriteFaults, R02AlphaScalesTheBias) {
  const Graph before = layers(false, 2), plain = layers(false);
  Graph after = right(plain).graph;
  Node& linear = node_of(after, "et_vk::linear_q4gsw");
  const Ref scales = *linear.arguments[2].ref(), bias = *linear.arguments[4].ref();
  scale_by(after, scales, 2);
  scale_by(after, bias, 2);
  expect_caught(before, after, "output 1 (");
  EXPECT_TRUE(
      std::ranges::none_of(right(before).applied, [](const Applied& one) { return one.rewrite == "linear_q4gsw"; }));
}

Graph folded_i4(bool keeps_sign) {
  Sketch sketch;
  const Ref x = sketch.input("x", Element::f32, {2, 8});
  const Ref codes = sketch.parameter("codes", Element::i4, {4, 8}, some(16, 5, 1, keeps_sign ? -8 : 0));
  const Ref w = sketch.call("aten::to.dtype", {{codes}, {Element::f32}}, Element::f32, {4, 8});
  sketch.graph.outputs = {sketch.call("aten::linear", {{x}, {w}}, Element::f32, {2, 4})};
  return sketch.graph;
}

// R03: folding reads four bits without their sign.
TEST(RewriteFaults, R03FoldingLosesTheSign) {
  const Graph before = folded_i4(true);
  Graph after = before;
  Node& weight = node_of(after, "aten::to.dtype");
  Values values = values_of(*after.nodes[1].constant);
  for (double& value : values.value) value = value < 0 ? value + 16 : value;
  values.element = Element::f32;
  weight = {.name = "folded", .kind = Kind::constant, .results = weight.results, .constant = constant_of(values)};
  expect_caught(before, after, "is made of no constant before");
}

// R05: shared scales are multiplied in once for each reader.
TEST(RewriteFaults, R05ScaleAppliedOnceForEachReader) {
  const Graph before = layers(true);
  Graph after = right(before).graph;
  const Ref scales = *node_of(after, "et_vk::embedding_q4gsw").arguments[1].ref();
  Values values = values_of(*after.at(scales).constant);
  for (double& value : values.value) value *= value;
  after.at(scales).constant = constant_of(values);
  expect_caught(before, after, "output 0 (");
}

// R07: a node goes although it has another reader, which gets what it was computed from.
TEST(RewriteFaults, R07NodeRemovedUnderAnotherReader) {
  Sketch sketch;
  const Ref x = sketch.input("x", Element::f32, {2, 8});
  const Ref positive = sketch.call("aten::relu", {{x}}, Element::f32, {2, 8});
  const Ref w = sketch.parameter("w", Element::f32, {4, 8}, some(32, 5, 0.25, -16));
  sketch.graph.outputs = {sketch.call("aten::linear", {{positive}, {w}}, Element::f32, {2, 4}), positive};
  Graph after = sketch.graph;
  after.outputs[1] = x;
  expect_caught(sketch.graph, after, "output 1 (");
}

// The folder that ignores the mark gives the same numbers; the bytes tell.
TEST(RewriteFaults, FolderThatIgnoresTheMarkExpandsWeights) {
  const Graph before = load_graph(std::filesystem::path(PLUMB_SOURCE_DIR) / "golden/openvino/u4_group_scale__ts.xml");
  const Graph marked = apply_rewrites(before, rewrites_named({"mark_compressed_constants"})).graph;
  const Rewrite careful = fold_constants(), careless = fold_constants(false);
  const Rewrite *one[] = {&careful}, *other[] = {&careless};
  EXPECT_TRUE(apply(marked, one, reference_packer()).applied.empty());
  const Graph expanded = apply(marked, other, reference_packer()).graph;
  const GraphVerdict verdict = judge_graphs(marked, expanded);
  EXPECT_TRUE(verdict.proof.faults.empty()) << all_of(verdict);
  EXPECT_EQ(verdict.exit_code(), 1);
  EXPECT_NE(all_of(verdict).find("is expanded: 1024 bytes"), std::string::npos) << all_of(verdict);
}

// ---- sums of codes ----

constexpr std::int64_t kColumns = 8, kRows = 4;

Argument whole(std::int64_t value) { return {value}; }

/// y = W x with 8-bit weights, x quantised with one scale; y is quantised, too, or stays f32.
/// With `cuts`, x has rows three times as long, which a view cuts in three.
Graph eight_bit_layer(bool quantises_result, bool cuts = false) {
  Sketch sketch;
  const auto quantised = [&](Ref from, double scale, std::int64_t zero, const Shape& shape) {
    return sketch.call("quantized_decomposed::quantize_per_tensor",
                       {{from}, {scale}, {zero}, whole(-128), whole(127), {Element::i8}}, Element::i8, shape);
  };
  const Shape shape = cuts ? Shape{1, 3 * kColumns} : Shape{3, kColumns};
  const Ref x = sketch.input("x", Element::f32, shape);
  Ref h = sketch.call("quantized_decomposed::dequantize_per_tensor",
                      {{quantised(x, 0.05, 3, shape)}, {0.05}, whole(3), whole(-128), whole(127), {Element::i8}},
                      Element::f32, shape);
  if (cuts) h = sketch.call("aten::view_copy", {{h}, Sketch::list({3, kColumns})}, Element::f32, {3, kColumns});
  const Ref codes = sketch.parameter("codes", Element::i8, {kRows, kColumns}, some(32, 7, 1, -16));
  const Ref scales = sketch.parameter("scales", Element::f32, {kRows}, {0.03125, 0.0625, 0.125, 0.25});
  const Ref w = sketch.call("quantized_decomposed::dequantize_per_channel",
                            {{codes}, {scales}, {}, whole(0), whole(-128), whole(127), {Element::i8}}, Element::f32,
                            {kRows, kColumns});
  const Ref y = sketch.call("aten::linear", {{h}, {w}}, Element::f32, {3, kRows});
  sketch.graph.outputs = {quantises_result ? quantised(y, 0.0625, -2, {3, kRows}) : y};
  return sketch.graph;
}

/// y = W x with 4-bit weights, x quantised row by row as it comes.
Graph dynamic_layer() {
  Sketch sketch;
  const Ref x = sketch.input("x", Element::f32, {3, kColumns});
  const Argument row = Sketch::list({1, kColumns}), low = whole(-128), high = whole(127);
  const Ref scale = sketch.graph.add(
      {.name = "choice",
       .op = "torchao::choose_qparams_affine",
       .arguments = {{x}, {std::string("ASYMMETRIC")}, row, {Element::i8}, low, high, {}, {}, {Element::i8}},
       .results = {{Element::f32, {3}}, {Element::i8, {3}}}});
  const Argument zero = {Ref{scale.node, 1}};
  const Ref q = sketch.call("torchao::quantize_affine", {{x}, row, {scale}, zero, {Element::i8}, low, high},
                            Element::i8, {3, kColumns});
  const Ref h = sketch.call("torchao::dequantize_affine", {{q}, row, {scale}, zero, {Element::i8}, low, high},
                            Element::f32, {3, kColumns});
  const Ref codes = sketch.parameter("codes", Element::i8, {kRows, kColumns}, some(16, 5, 1, -8));
  const Ref scales = sketch.parameter("scales", Element::f32, {kRows, 2}, {0.5, 0.25, 0.125});
  const Ref w = sketch.call("torchao::dequantize_affine",
                            {{codes}, Sketch::list({1, 4}), {scales}, {}, {Element::i8}, whole(-8), whole(7)},
                            Element::f32, {kRows, kColumns});
  sketch.graph.outputs = {sketch.call("aten::linear", {{h}, {w}}, Element::f32, {3, kRows})};
  return sketch.graph;
}

// Zero points are taken out of the sums of products by stored sums of codes: one that is wrong makes a column wrong.
TEST(RewriteFaults, WrongSumsOfCodes) {
  const std::pair<Graph, const char*> layers[] = {{eight_bit_layer(false), "et_vk::linear_q8ta_q8csw"},
                                                  {eight_bit_layer(true), "et_vk::q8ta_linear"},
                                                  {dynamic_layer(), "et_vk::linear_dq8ca_q4gsw"}};
  for (const auto& [before, op] : layers) {
    Graph after = right(before).graph;
    const Ref sums = *argument_named(node_of(after, op), "weight_sums").ref();
    Values values = values_of(*after.at(sums).constant);
    values.value[2] += 32;
    after.at(sums).constant = constant_of(values);
    expect_caught(before, after, "output 0 (");
  }
}

// The fused layers multiply the rows of codes that they are given.
TEST(RewriteFaults, RowsThatAViewCutsAreNotFused) {
  const auto rewrites = rewrites_named({"all"});
  for (const bool quantises_result : {false, true}) {
    EXPECT_EQ(apply_rewrites(eight_bit_layer(quantises_result), rewrites).applied.size(), 1U);
    const Rewritten after = apply_rewrites(eight_bit_layer(quantises_result, true), rewrites);
    EXPECT_TRUE(after.applied.empty()) << after.applied[0].rewrite;
  }
}

}  // namespace
}  // namespace plumb::graph
