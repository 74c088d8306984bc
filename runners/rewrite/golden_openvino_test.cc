// The graphs that OpenVINO's PyTorch frontend was run on, from torch.export and from TorchScript: interpreted,
// rewritten by us, and set beside what upstream made of them.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "reference/error.h"
#include "reference/graph/compare.h"
#include "reference/graph/interpreter.h"
#include "reference/graph/lower_to_openvino.h"
#include "runners/rewrite/judge_graphs.h"
#include "runners/rewrite/load.h"

namespace plumb {
namespace {

const std::filesystem::path kFolder = std::filesystem::path(PLUMB_SOURCE_DIR) / "golden/openvino";

std::string text(const golden::Case& golden, const std::string& name) {
  const auto found = golden.attributes.find(name);
  const auto* value = found == golden.attributes.end() ? nullptr : std::get_if<std::string>(&found->second);
  return value == nullptr ? "" : *value;
}

const golden::File& recorded() {
  static const golden::File file = golden::read(kFolder / "ov_graphs.h5");
  return file;
}

std::vector<graph::Values> inputs_of(const golden::Case& golden) {
  std::vector<graph::Values> inputs;
  for (const char* name : {"x", "packed"}) {
    if (const golden::Array* array = find_array(golden.inputs, name)) inputs.push_back(values_of(*array));
  }
  return inputs;
}

void expect_near(const graph::Values& got, const golden::Array& array, const std::string& name) {
  const graph::Values want = values_of(array);
  ASSERT_EQ(got.shape, want.shape) << name;
  for (std::size_t i = 0; i < want.size(); ++i) {
    // Upstream's own sum may err as much as ours may.
    ASSERT_LE(std::abs(got.value[i] - want.value[i]), got.error_at(i)) << name << " at " << i;
  }
}

// Torch's result of each graph, from both frontends.
TEST(GoldenOpenvino, InterpreterGivesTorchsResults) {
  std::set<std::string> seen;
  for (const golden::Case& golden : recorded().cases) {
    if (!seen.insert(text(golden, "graph")).second) continue;
    for (const char* ending : {".pt2", ".ts.json"}) {
      const std::string file = text(golden, "graph") + ending;
      const graph::Graph graph = load_graph(kFolder / file);
      expect_near(graph::run(graph, inputs_of(golden), graph::Precision::upstream)[0],
                  array_named(golden.outputs, "y_torch"), file);
    }
  }
  EXPECT_EQ(seen.size(), 75U);
}

const std::vector<const graph::Rewrite*>& openvino_rewrites() {
  static const auto rewrites = rewrites_named(
      {"nncf_u2_stack", "nncf_u4_stack", "nncf_i4_stack", "convert_reshape_fold", "mark_compressed_constants"});
  return rewrites;
}

// Ours fire exactly on what the goldens say a correct rewrite fuses, on both frontend paths, and are proved.
TEST(GoldenOpenvino, OursFireExactlyWhereTheyShould) {
  std::set<std::string> seen;
  for (const golden::Case& golden : recorded().cases) {
    if (!seen.insert(text(golden, "graph")).second) continue;
    for (const char* ending : {".pt2", ".ts.json"}) {
      const std::string file = text(golden, "graph") + ending;
      const graph::Graph before = load_graph(kFolder / file);
      const graph::Rewritten after = apply_rewrites(before, openvino_rewrites());
      // (p >> 6) & 7 of a byte is (p >> 6) & 3, which ours sees.
      const bool should = text(golden, "correct_rewrite") == "fuse" || text(golden, "graph") == "u2_not_mask7_last";
      EXPECT_EQ(!after.applied.empty(), should) << file;
      const GraphVerdict verdict = judge_rewrite(before, after, openvino_rewrites());
      for (const std::string& fault : verdict.faults) ADD_FAILURE() << file << ": " << fault;
    }
  }
}

// Upstream folds whatever constants are left.
std::vector<const graph::Rewrite*> with_folding() {
  std::vector<const graph::Rewrite*> rewrites = openvino_rewrites();
  rewrites.push_back(&graph::rewrite_named("fold_constants"));
  return rewrites;
}

// Where upstream fused rightly, its IR is ours, node for node and byte for byte.
TEST(GoldenOpenvino, NodeForNode) {
  int same = 0, fused = 0;
  std::set<std::string> other;
  std::string differences;
  for (const golden::Case& golden : recorded().cases) {
    const std::string route = text(golden, "route");
    if (text(golden, "graph_after").empty() || text(golden, "graph_after") == "none" ||
        std::get<std::int64_t>(golden.attributes.at("fused")) == 0)
      continue;
    if (std::get<std::int64_t>(golden.attributes.at("wrong")) != 0) continue;
    ++fused;
    const std::string file = text(golden, "graph") + (route.starts_with("ts") ? ".ts.json" : ".pt2");
    const graph::Graph ours =
        graph::lower_to_openvino(apply_rewrites(load_graph(kFolder / file), with_folding()).graph);
    const std::string how = graph::difference(ours, load_graph(kFolder / text(golden, "graph_after")));
    if (how.empty()) {
      ++same;
      continue;
    }
    other.insert(golden.name);
    differences += golden.name + ": " + how + "\n";
  }
  const std::set<std::string> expected = {
      // Upstream computes the target of a reshape from the shape of a tensor that it knows.
      "u4_f32_zero_point_f16_scale__export_stack",
      "u4_scale_f32__export_stack",
      // Upstream folds the mask, and leaves the conversion that is an output.
      "u4_shared_part__export_stack",
      "u4_shared_part__ts",
  };
  EXPECT_EQ(other, expected) << differences;
  EXPECT_GT(same, 20) << fused;
}

// Upstream's recorded defects fail, its sound graphs pass.
TEST(GoldenOpenvino, UpstreamJudged) {
  int wrong = 0, sound = 0;
  for (const golden::Case& golden : recorded().cases) {
    if (text(golden, "graph_after").empty() || text(golden, "graph_after") == "none") continue;
    const std::string file = text(golden, "graph") + (text(golden, "route").starts_with("ts") ? ".ts.json" : ".pt2");
    const graph::Graph before = load_graph(kFolder / file), after = load_graph(kFolder / text(golden, "graph_after"));
    const GraphVerdict verdict = judge_graphs(before, after);
    if (std::get<std::int64_t>(golden.attributes.at("wrong")) != 0) {
      ++wrong;
      EXPECT_FALSE(verdict.proof.faults.empty()) << golden.name;
      EXPECT_FALSE(verdict.causes.empty()) << golden.name;
    } else if (golden.name.starts_with("u4_convert_before_reshape__") &&
               std::get<std::int64_t>(golden.attributes.at("fused")) == 0) {
      // Not recorded as wrong, for it is nearly invisible: folded to f32 without the roundings to f16.
      EXPECT_TRUE(std::ranges::find(verdict.causes, "roundings to f16 were skipped") != verdict.causes.end())
          << golden.name;
      const bool is_expanded = std::ranges::any_of(verdict.proof.account.faults, [](const std::string& fault) {
        return fault.find(" is expanded: ") != std::string::npos;
      });
      EXPECT_TRUE(is_expanded) << golden.name << ": "
                               << fmt::format("{}", fmt::join(verdict.proof.account.faults, "; "));
    } else {
      ++sound;
      for (const std::string& fault : verdict.proof.faults) ADD_FAILURE() << golden.name << ": " << fault;
    }
  }
  EXPECT_GT(wrong, 0);
  EXPECT_GT(sound, 50);
}

}  // namespace
}  // namespace plumb
