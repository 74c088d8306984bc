// The graphs that torchao exported, float, quantised and unwrapped: interpreted, and rewritten by us with a proof.
#include <gtest/gtest.h>

#include <cmath>

#include "reference/graph/interpreter.h"
#include "runners/rewrite/judge_graphs.h"
#include "runners/rewrite/load.h"

namespace plumb {
namespace {

const std::filesystem::path kFolder = std::filesystem::path(PLUMB_SOURCE_DIR) / "golden/torchao";

const golden::File& recorded() {
  static const golden::File file = golden::read(kFolder / "graphs.h5");
  return file;
}

graph::Graph graph_of(const golden::Case& golden, const char* which) {
  return load_graph(kFolder / std::get<std::string>(golden.attributes.at(which)));
}

void expect_output(const graph::Graph& graph, const golden::Case& golden, const char* name) {
  const std::vector<graph::Values> inputs = {values_of(array_named(golden.inputs, "input0"))};
  const graph::Values got = graph::run(graph, inputs, graph::Precision::upstream).at(0),
                      want = values_of(array_named(golden.outputs, name));
  ASSERT_EQ(got.shape, want.shape) << golden.name;
  ASSERT_EQ(got.element, want.element) << golden.name;
  for (std::size_t i = 0; i < got.size(); ++i)
    ASSERT_LE(std::abs(got.value[i] - want.value[i]), got.error_at(i)) << golden.name << " " << name << " at " << i;
}

TEST(GoldenTorchao, InterpreterGivesRecordedResults) {
  int count = 0;
  for (const golden::Case& golden : recorded().cases) {
    expect_output(graph_of(golden, "graph_before"), golden, "output_before");
    expect_output(graph_of(golden, "graph_after"), golden, "output");
    expect_output(graph_of(golden, "graph_unwrapped"), golden, "output");
    ++count;
  }
  EXPECT_EQ(count, 19);
}

TEST(GoldenTorchao, OurRewritesAreProved) {
  std::size_t applied = 0;
  const auto rewrites = rewrites_named({"all"});
  for (const golden::Case& golden : recorded().cases) {
    const graph::Graph before = graph_of(golden, "graph_unwrapped");
    const graph::Rewritten after = apply_rewrites(before, rewrites);
    const GraphVerdict verdict = judge_rewrite(before, after, rewrites);
    for (const std::string& fault : verdict.faults) ADD_FAILURE() << golden.name << ": " << fault;
    applied += after.applied.size();
  }
  EXPECT_GT(applied, 12U);
}

}  // namespace
}  // namespace plumb
