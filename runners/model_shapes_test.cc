#include "runners/model_shapes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "reference/error.h"
#include "reference/ops.h"

namespace plumb {
namespace {

std::set<std::string> names_of(const std::vector<Case>& cases) {
  std::set<std::string> names;
  for (const Case& test_case : cases) names.insert(to_string(test_case));
  return names;
}

TEST(ModelShapes, LinearLayersHaveEveryShapeWithOneRowAndWithMany) {
  const auto names = names_of(plan_model_cases(op_named("linear_q4gsw"), "qwen3-0.6b", 0));
  EXPECT_EQ(names.size(), 22U);
  EXPECT_TRUE(names.contains("linear_q4gsw[M=1,K=3072,N=1024,group=128]/exact#0"));
  EXPECT_TRUE(names.contains("linear_q4gsw[M=16,K=1024,N=3072,group=128]/bounded#0"));
  EXPECT_TRUE(names.contains("linear_q4gsw[M=1,K=1024,N=151936,group=128]/exact#0"));
}

TEST(ModelShapes, EmbeddingsAreLookedUp) {
  const auto cases = plan_model_cases(op_named("embedding_q4gsw"), "qwen*", 3);
  ASSERT_FALSE(cases.empty());
  EXPECT_EQ(cases[0].signature["N"], 151936);
  EXPECT_EQ(cases[0].signature["K"], 1024);
  EXPECT_EQ(cases[0].seed, 3U);
}

TEST(ModelShapes, EveryLinearLayerAndEmbeddingHasCases) {
  for (const Op& op : all_ops()) {
    const bool expected = op.name.starts_with("embedding_") || op.name == "matmul_compressed" ||
                          op.name == "weight_int4pack_mm" ||
                          (op.name.starts_with("linear_") && op.name != "linear_q4gsw_backward");
    const bool is_pack = op.name.starts_with("pack_");
    if (expected || is_pack) {
      EXPECT_EQ(plan_model_cases(op, "*", 0).empty(), is_pack) << op.name;
    }
  }
}

TEST(ModelShapes, UnknownModelsAreRefusedWithTheNearest) {
  try {
    (void)plan_model_cases(op_named("linear_q4gsw"), "qwen3-0.6", 0);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("nearest: qwen3-0.6b"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace plumb
