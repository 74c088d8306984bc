#include "reference/rewrite/rewrite.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "reference/graph/compare.h"
#include "reference/graph/interpreter.h"
#include "reference/rewrite/apply.h"
#include "reference/rewrite/int4_dispatch.h"
#include "reference/rewrite/prove.h"
#include "reference/testing/error_of.h"

namespace plumb::graph {
namespace {

TEST(Rewrites, AreDeclaredWhole) {
  std::set<std::string_view> names;
  for (const Rewrite& rewrite : all_rewrites()) {
    EXPECT_TRUE(names.insert(rewrite.name).second) << rewrite.name;
    EXPECT_FALSE(rewrite.conditions.empty()) << rewrite.name;
    for (const std::string_view anchor : rewrite.anchors) {
      EXPECT_TRUE(anchor == "*" || anchor == "constant" || find_operator(anchor) != nullptr)
          << rewrite.name << " " << anchor;
    }
  }
  EXPECT_NE(error_of([] { (void)rewrite_named("nncf_u4_stak"); }).find("nncf_u4_stack"), std::string::npos);
}

TEST(ParameterMutations, OneLayoutForEachName) {
  ParameterMutations mutations;
  EXPECT_TRUE(mutations.mutate("w", "a"));
  EXPECT_FALSE(mutations.mutate("w", "a"));
  EXPECT_TRUE(mutations.mutate("v", "b"));
  EXPECT_EQ(
      error_of([&] { (void)mutations.mutate("w", "b"); }),
      "parameter 'w' was already changed to 'a' and is now wanted as 'b'; a parameter changed in two ways is corrupt");
  EXPECT_EQ(mutations.tags(), (std::map<std::string, std::string>{{"v", "b"}, {"w", "a"}}));
}

Ref constant(Graph& graph, const std::string& name, Element element, Shape shape, double step, double modulus) {
  std::vector<double> values(static_cast<std::size_t>(element_count(shape)));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::fmod(static_cast<double>(i) * step, modulus);
  const ConstantRef made = constant_of(element, std::move(shape), values);
  return graph.add(
      {.name = name, .kind = Kind::constant, .results = {made->type}, .constant = made, .parameter = name});
}

Graph int4_linear(const std::string& reader) {
  Graph graph;
  const Ref x = graph.add({.name = "x", .kind = Kind::input, .results = {{Element::bf16, {3, 16}}}});
  const Ref qdata = constant(graph, "qdata", Element::i32, {4, 2}, 123456789, 2e9),
            scale = constant(graph, "scale", Element::bf16, {2, 4}, 0.125, 1.5);
  const Ref zero = constant(graph, "zero", Element::i8, {2, 4}, 3, 16);
  const Ref w = graph.add({.name = "w",
                           .op = "torchao::Int4PlainInt32Tensor",
                           .arguments = {{qdata}, {scale}, {zero}, {std::int64_t{8}}},
                           .results = {{Element::bf16, {4, 16}}}});
  if (reader == "aten::linear") {
    graph.outputs = {
        graph.add({.name = "y", .op = reader, .arguments = {{x}, {w}}, .results = {{Element::bf16, {3, 4}}}})};
  } else {
    graph.outputs = {graph.add({.name = "y", .op = reader, .arguments = {{w}}, .results = {{Element::bf16, {16, 4}}}})};
  }
  return graph;
}

TEST(Int4Dispatch, LinearIsDispatched) {
  const Graph before = int4_linear("aten::linear");
  const Rewrite* rewrites[] = {&rewrite_named("int4_plain_int32_linear")};
  const Rewritten after = apply(before, rewrites, reference_packer());
  ASSERT_EQ(after.applied.size(), 1U);
  EXPECT_EQ(after.graph.at(after.graph.outputs[0]).op, "torchao::linear_int4_plain_int32");
  EXPECT_EQ(difference(after.graph, apply_plainly(before, rewrites, reference_packer()).graph), "");
  const Proof proof = prove(before, after.graph, Equivalence::bounded, trials_for(before));
  EXPECT_TRUE(proof.faults.empty()) << proof.faults[0];
  EXPECT_TRUE(proof.account.faults.empty());
  check_int4_dispatch(before);
}

TEST(Int4Dispatch, OtherReadersAreRefusedByName) {
  EXPECT_EQ(error_of([] { check_int4_dispatch(int4_linear("aten::t")); }),
            "node 'y': aten::t of the Int4PlainInt32Tensor 'w' is not dispatched; it would be dequantised");
}

Graph unpacked(std::int64_t mask) {
  Graph graph;
  const Ref p = constant(graph, "p", Element::u8, {2, 4}, 77, 256);
  const Type bytes{Element::u8, {2, 4}};
  const Ref low =
      graph.add({.name = "low", .op = "aten::bitwise_and.Scalar", .arguments = {{p}, {mask}}, .results = {bytes}});
  const Ref high = graph.add({.name = "high",
                              .op = "aten::bitwise_right_shift.Tensor_Scalar",
                              .arguments = {{p}, {std::int64_t{4}}},
                              .results = {bytes}});
  const Ref stack = graph.add({.name = "stack",
                               .op = "aten::stack",
                               .arguments = {{List{{low}, {high}}}, {std::int64_t{-1}}},
                               .results = {{Element::u8, {2, 4, 2}}}});
  graph.outputs = {graph.add({.name = "half",
                              .op = "aten::to.dtype",
                              .arguments = {{stack}, {Element::f16}},
                              .results = {{Element::f16, {2, 4, 2}}}})};
  return graph;
}

TEST(Explain, SaysWhichConditionFailedAndWhere) {
  const Rewrite& rewrite = rewrite_named("nncf_u4_stack");
  const std::vector<SiteReport> miss = explain(unpacked(7), rewrite), match = explain(unpacked(15), rewrite);
  ASSERT_EQ(miss.size(), 1U);
  EXPECT_EQ(miss[0].node, "stack");
  EXPECT_EQ(miss[0].condition, "part j takes field j, counted from the lowest bits");
  EXPECT_EQ(miss[0].found, "part 0, 'low', is (p >> 0) & 7");
  ASSERT_EQ(match.size(), 1U);
  EXPECT_TRUE(match[0].matches);
}

TEST(Apply, NamesWhatBecameOfAParameterAndSharesItsBytes) {
  const Rewrite* rewrites[] = {&rewrite_named("nncf_u4_stack")};
  const Graph before = unpacked(15);
  const Rewritten after = apply(before, rewrites, reference_packer());
  EXPECT_EQ(after.mutations, (std::map<std::string, std::string>{{"p", "u4 [2, 4, 2]"}}));
  ASSERT_EQ(after.graph.nodes.size(), 2U);
  EXPECT_EQ(after.graph.nodes[0].constant->bytes.data(), before.nodes[0].constant->bytes.data());
}

TEST(Apply, OrderThatMattersIsReported) {
  const Rewrite* first[] = {&rewrite_named("nncf_u4_stack")};
  const Graph graph = apply(unpacked(15), first, reference_packer()).graph;
  const Rewrite* rewrites[] = {&rewrite_named("mark_compressed_constants"), &rewrite_named("fold_constants")};
  const std::vector<std::string> conflicts = order_conflicts(graph, rewrites, reference_packer());
  ASSERT_EQ(conflicts.size(), 1U);
  EXPECT_TRUE(
      conflicts[0].starts_with("mark_compressed_constants before fold_constants gives another graph than after it: "))
      << conflicts[0];
}

// Neither finds anything until the chain is a constant.
TEST(Apply, OrderThatMattersAfterAThirdIsReported) {
  const Rewrite* rewrites[] = {&rewrite_named("nncf_u4_stack"), &rewrite_named("mark_compressed_constants"),
                               &rewrite_named("fold_constants")};
  const std::vector<std::string> conflicts = order_conflicts(unpacked(15), rewrites, reference_packer());
  EXPECT_TRUE(std::ranges::any_of(conflicts, [](const std::string& conflict) {
    return conflict.starts_with("mark_compressed_constants before fold_constants gives another graph");
  }));
}

// The chain of i4: fields minus 8 times alpha.
Graph signed_chain(const Shape& shape, const std::map<std::string, Argument>& named) {
  Graph graph = unpacked(15);
  const Ref stack{graph.find("stack"), 0};
  const Ref codes = graph.add({.name = "codes",
                               .op = "aten::to.dtype",
                               .arguments = {{stack}, {Element::i8}},
                               .results = {{Element::i8, {2, 4, 2}}}});
  graph.outputs = {graph.add({.name = "signed",
                              .op = "aten::sub.Tensor",
                              .arguments = {{codes}, {8.0}},
                              .named = named,
                              .results = {{Element::i8, shape}}})};
  return graph;
}

TEST(Explain, AnUnknownFactorIsNotOne) {
  const Rewrite& rewrite = rewrite_named("nncf_i4_stack");
  EXPECT_TRUE(explain(signed_chain({2, 4, 2}, {}), rewrite)[0].matches);
  Graph unknown = signed_chain({2, 4, 2}, {});
  const Ref alpha = unknown.add({.name = "alpha", .kind = Kind::input, .results = {{Element::f32, {}}}});
  unknown.nodes[static_cast<std::size_t>(unknown.find("signed"))].named["alpha"] = {alpha};
  const std::vector<SiteReport> sites = explain(unknown, rewrite);
  ASSERT_EQ(sites.size(), 1U);
  EXPECT_EQ(sites[0].found, "'signed': alpha is not known");
}

TEST(Explain, AnOffsetThatAddsAnAxisIsNamed) {
  const std::vector<SiteReport> sites = explain(signed_chain({1, 2, 4, 2}, {}), rewrite_named("nncf_i4_stack"));
  ASSERT_EQ(sites.size(), 1U);
  EXPECT_EQ(sites[0].found, "'signed' gives i8 [1, 2, 4, 2] of i8 [2, 4, 2]");
}

// Whichever operator dequantises the activation.
TEST(Explain, AWeightOnlyLayerTakesNoDequantisedActivation) {
  for (const char* op : {"torchao::dequantize_affine", "quantized_decomposed::dequantize_per_token"}) {
    Graph graph;
    const Ref codes = constant(graph, "codes", Element::i8, {4, 32}, 3, 8);
    const Ref scales = constant(graph, "scales", Element::f32, {4, 1}, 0.5, 2);
    const Ref x = graph.add({.name = "x", .kind = Kind::input, .results = {{Element::i8, {3, 32}}}});
    const Ref w = graph.add({.name = "w",
                             .op = "torchao::dequantize_affine",
                             .arguments = {{codes}, {List{{std::int64_t{1}}, {std::int64_t{32}}}}, {scales}},
                             .results = {{Element::f32, {4, 32}}}});
    const Ref h = graph.add({.name = "h", .op = op, .arguments = {{x}}, .results = {{Element::f32, {3, 32}}}});
    graph.outputs = {
        graph.add({.name = "y", .op = "aten::linear", .arguments = {{h}, {w}}, .results = {{Element::f32, {3, 4}}}})};
    const std::vector<SiteReport> sites = explain(graph, rewrite_named("linear_q4gsw"));
    ASSERT_EQ(sites.size(), 1U);
    EXPECT_EQ(sites[0].found, "activation 'h' is dequantised") << op;
  }
}

// A table of a small language model has more bytes than are computed with element by element.
TEST(Account, ConstantsOfAnySizeAreAccountedFor) {
  constexpr std::int64_t kBytes = (std::int64_t{1} << 26) + 64;
  const auto of = [](std::byte byte) {
    Graph graph;
    const ConstantRef made =
        make_constant({Element::u8, {kBytes}}, std::vector<std::byte>(static_cast<std::size_t>(kBytes), byte));
    graph.outputs = {
        graph.add({.name = "p", .kind = Kind::constant, .results = {made->type}, .constant = made, .parameter = "p"})};
    return graph;
  };
  const Account account = account_constants(of(std::byte{0x2f}), of(std::byte{0xf2}));
  EXPECT_TRUE(account.faults.empty());
  ASSERT_EQ(account.lines.size(), 1U);
  EXPECT_EQ(account.lines[0].origin, "'p' with its nibbles swapped");
}

}  // namespace
}  // namespace plumb::graph
