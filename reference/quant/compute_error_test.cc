#include "reference/quant/compute_error.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "reference/testing/answers.h"

namespace plumb {
namespace {

using Values = std::vector<double>;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

Expected sqnr(const Values& x, const Values& y, DType dtype = DType::f32) {
  static const Op op = compute_error();
  const Shape shape = {1, static_cast<std::int64_t>(x.size())};
  return op.evaluate(problem_of(op, {tensor_of(dtype, shape, x), tensor_of(dtype, shape, y)}, {}))[0];
}

TEST(ComputeError, IsTwentyDecibelsForATenth) {
  const Expected got = sqnr({10, 0}, {9, 0});
  EXPECT_NEAR(got.value[0], 20, 1e-5);
  EXPECT_GT(got.slack[0], 0);
  EXPECT_LT(got.slack[0], 1e-4);
}

TEST(ComputeError, EveryStepIsRoundedToTheType) {
  const Values x = {3, 4, 12}, y = {2, 4, 12};
  EXPECT_NEAR(sqnr(x, y, DType::f64).value[0], 20 * std::log10(13), 1e-12);
  EXPECT_LT(sqnr(x, y, DType::f64).slack[0], 1e-12);
  // log10(13) = 1.1139 is 1.1171875 in bf16, whose 20-fold, 22.34, becomes 22.375.
  const Expected bf16 = sqnr(x, y, DType::bf16);
  EXPECT_LE(std::abs(22.375 - bf16.value[0]), bf16.slack[0] + 1e-30);
  EXPECT_GT(std::abs(20 * std::log10(13) - bf16.value[0]), bf16.slack[0]);
}

TEST(ComputeError, EdgesAreCertain) {
  EXPECT_EQ(sqnr({1, 2}, {1, 2}).value[0], kInfinity);
  EXPECT_EQ(sqnr({0, 0}, {1, 2}).value[0], -kInfinity);
  EXPECT_TRUE(std::isnan(sqnr({0, 0}, {0, 0}).value[0]));
  EXPECT_TRUE(std::isnan(sqnr({1, std::nan("")}, {1, 2}).value[0]));
  EXPECT_TRUE(std::isnan(sqnr({kInfinity, 1}, {1, 2}).value[0]));  // infinity over infinity
  for (const auto& edge : {sqnr({1, 2}, {1, 2}), sqnr({0}, {0}), sqnr({0}, {3})}) EXPECT_EQ(edge.slack[0], 0);
}

TEST(ComputeError, NormsOverflowInTheirType) {
  EXPECT_TRUE(std::isnan(sqnr(Values(36, 3e4), Values(36, 1.5e4), DType::f16).value[0]));  // both infinite
  EXPECT_EQ(sqnr({3e4, 3e4, 3e4, 3e4, 3e4}, {3e4, 3e4, 3e4, 3e4, 2e4}, DType::f16).value[0], kInfinity);
}

TEST(ComputeError, SumsThatMayOverflowAreOpen) { EXPECT_EQ(sqnr({1e20, 1}, {1e20, 2}).slack[0], kInfinity); }

}  // namespace
}  // namespace plumb
