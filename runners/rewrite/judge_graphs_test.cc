#include "runners/rewrite/judge_graphs.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "reference/error.h"

namespace plumb {
namespace {

using graph::Element;
using graph::Graph;
using graph::Kind;

// relu, or another operator, of an input.
Graph one_call(const std::string& op, Element element = Element::f32, int inputs = 1) {
  Graph graph;
  graph::Ref x;
  for (int i = 0; i < inputs; ++i) {
    x = graph.add({.name = "x" + std::to_string(i), .kind = Kind::input, .results = {{Element::f32, {2, 3}}}});
  }
  graph.outputs = {graph.add({.name = "y", .op = op, .arguments = {{x}}, .results = {{element, {2, 3}}}})};
  return graph;
}

TEST(JudgeGraphs, TheSameGraphIsProved) {
  const GraphVerdict verdict = judge_graphs(one_call("aten::relu"), one_call("aten::relu"));
  EXPECT_EQ(verdict.exit_code(), 0);
  EXPECT_EQ(record_of(verdict, "rewrite verify", "g", "again").outcome, Outcome::pass);
}

TEST(JudgeGraphs, AnotherValueTypeOrSignatureIsAFault) {
  const Graph before = one_call("aten::relu");
  EXPECT_EQ(judge_graphs(before, one_call("aten::alias")).exit_code(), 1);
  EXPECT_EQ(judge_graphs(before, one_call("aten::to.dtype", Element::f16)).exit_code(), 1);
  const GraphVerdict verdict = judge_graphs(before, one_call("aten::relu", Element::f32, 2));
  EXPECT_EQ(verdict.exit_code(), 1);
  EXPECT_EQ(verdict.faults, std::vector<std::string>{"there were 1 inputs, are 2"});
  EXPECT_EQ(record_of(verdict, "rewrite verify", "g", "again").outcome, Outcome::fail);
}

TEST(JudgeGraphs, AnOperatorThatNobodyKnowsIsABadRequest) {
  try {
    (void)judge_graphs(one_call("aten::frobnicate"), one_call("aten::relu"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(
        error.what(),
        "graph '', node 'y': operator aten::frobnicate is unknown to the interpreter, so that nothing can be proved");
  }
}

TEST(JudgeGraphs, NothingRewrittenProvesNothing) {
  const auto rewrites = rewrites_named({"all"});
  const Graph before = one_call("aten::relu");
  const GraphVerdict verdict = judge_rewrite(before, apply_rewrites(before, rewrites), rewrites);
  EXPECT_EQ(verdict.exit_code(), 2);
  EXPECT_EQ(record_of(verdict, "rewrite all", "g", "again").outcome, Outcome::vacuous);
}

// Both graphs are the same; there is just nothing in them to compare.
TEST(JudgeGraphs, NothingComparedProvesNothing) {
  Graph silent = one_call("aten::relu"), empty = silent;
  silent.outputs.clear();
  for (graph::Node& node : empty.nodes) node.results[0].shape = {0, 3};
  for (const Graph& graph : {silent, empty}) {
    const GraphVerdict verdict = judge_graphs(graph, graph);
    EXPECT_EQ(verdict.exit_code(), 2);
    EXPECT_EQ(verdict.summary(), "nothing was compared, so nothing is proved");
    const Record record = record_of(verdict, "rewrite verify", "g", "again");
    EXPECT_EQ(record.outcome, Outcome::vacuous);
    EXPECT_EQ(record.reason, verdict.summary());
  }
}

TEST(JudgeGraphs, AnOutputThatWasNeverComparedIsNamed) {
  Graph half = one_call("aten::relu");
  half.outputs.push_back(
      half.add({.name = "nothing", .kind = graph::Kind::input, .results = {{graph::Element::f32, {0, 3}}}}));
  const GraphVerdict verdict = judge_graphs(half, half);
  EXPECT_EQ(verdict.exit_code(), 2);
  EXPECT_EQ(verdict.summary(), "output 1 was never compared, so nothing is proved of it");
}

// The interpreter gives what the graph records; what the operator was told is another matter.
TEST(JudgeGraphs, AConversionToAnotherTypeThanRecordedIsAFault) {
  Graph after = one_call("aten::to.dtype"), before = after;
  before.nodes[1].arguments.push_back({Element::f32});
  after.nodes[1].arguments.push_back({Element::f16});
  const GraphVerdict verdict = judge_graphs(before, after);
  EXPECT_EQ(verdict.exit_code(), 1);
  EXPECT_EQ(verdict.faults,
            std::vector<std::string>{"node 'y' (aten::to.dtype): converts to f16, but its result is recorded as f32"});
  EXPECT_EQ(judge_graphs(before, before).exit_code(), 0);
  EXPECT_THROW((void)judge_graphs(after, before), Error);
}

// Told in other ways, or not at all: then the type stays as it is.
TEST(JudgeGraphs, EveryConversionIsHeldToWhatItIsTold) {
  const auto fault_of = [](const std::string& op, const std::string& name, const graph::Argument& told,
                           Element element) {
    Graph after = one_call(op, element);
    if (!name.empty()) after.nodes[1].named[name] = told;
    const std::vector<std::string> found = graph::contradictory_conversions(after);
    return found.empty() ? "" : found[0];
  };
  for (const char* op : {"aten::_to_copy", "dim_order_ops::_to_dim_order_copy", "aten::to.device", "aten::to.dtype"}) {
    EXPECT_EQ(fault_of(op, "dtype", {Element::f16}, Element::f16), "");
    EXPECT_NE(fault_of(op, "dtype", {Element::f16}, Element::f32), "") << op;
    EXPECT_EQ(fault_of(op, "dtype", {std::int64_t{5}}, Element::i64), "") << op;
    EXPECT_EQ(fault_of(op, "", {}, Element::f32), "") << op;
    EXPECT_EQ(fault_of(op, "", {}, Element::f16),
              std::string("node 'y' (") + op + "): converts to f32, but its result is recorded as f16");
  }
  EXPECT_EQ(fault_of("ov::Convert", "destination_type", {Element::i32}, Element::i32), "");
  EXPECT_NE(fault_of("ov::Convert", "destination_type", {Element::i32}, Element::f32), "");
  EXPECT_EQ(fault_of("aten::to.dtype", "dtype", {std::string("half")}, Element::f16),
            "node 'y' (aten::to.dtype): converts to no element type, but its result is recorded as f16");
  EXPECT_EQ(fault_of("aten::relu", "dtype", {Element::f16}, Element::f32), "");
}

// u2 -> u8 is what the rewrite is for; a constant from nowhere is not.
TEST(JudgeGraphs, AWideningRewriteExcusesNothingButWidening) {
  Graph before;
  const auto constant = [](Graph& graph, const std::string& name, Element element, double value) {
    const graph::ConstantRef made = graph::constant_of(element, {4, 4}, std::vector<double>(16, value));
    return graph.add(
        {.name = name, .kind = Kind::constant, .results = {made->type}, .constant = made, .parameter = name});
  };
  const graph::Ref codes = constant(before, "codes", Element::u2, 3);
  before.outputs = {before.add({.name = "y",
                                .op = "aten::to.dtype",
                                .arguments = {{codes}, {Element::f32}},
                                .results = {{Element::f32, {4, 4}}}})};
  const auto rewrites = rewrites_named({"promote_u2_to_u8"});
  graph::Rewritten after = apply_rewrites(before, rewrites);
  const GraphVerdict right = judge_rewrite(before, after, rewrites);
  EXPECT_EQ(right.exit_code(), 0) << right.summary();
  ASSERT_EQ(right.notes.size(), 1U);
  EXPECT_NE(right.notes[0].find(" is expanded: "), std::string::npos) << right.notes[0];
  constant(after.graph, "strange", Element::f32, 0.3);
  const GraphVerdict wrong = judge_rewrite(before, after, rewrites);
  EXPECT_NE(std::ranges::find(wrong.faults, "constant 'strange' (f32 [4, 4]) is made of no constant before"),
            wrong.faults.end());
}

}  // namespace
}  // namespace plumb
