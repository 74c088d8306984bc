#include "runners/rewrite/judge_graphs.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace plumb
