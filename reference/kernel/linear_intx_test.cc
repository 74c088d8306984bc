#include "reference/kernel/linear_intx.h"

#include <gtest/gtest.h>

#include <cmath>

#include "reference/bound.h"
#include "reference/error.h"
#include "reference/testing/answers.h"

namespace plumb {
namespace {

using Values = std::vector<double>;
constexpr auto f32 = DType::f32, i8 = DType::i8;

// One row of activation by one output.
Problem problem_with(const Op& op, const Values& x, const Values& codes, const Values& scales, const Tensor& zero_point,
                     const Tensor& bias, Sizes params, DType dtype = f32) {
  const auto columns = std::ssize(x), groups = std::ssize(scales);
  params["group"] = columns / groups;
  return problem_of(op,
                    {tensor_of(dtype, {1, columns}, x), tensor_of(i8, {1, columns}, codes),
                     tensor_of(f32, {1, groups}, scales), zero_point, bias},
                    params);
}

Expected answer_to(const Op& op, const Problem& problem) { return op.evaluate(problem)[0]; }

TEST(LinearIntx, GroupsHaveScalesAndZeroPoints) {
  const Op op = linear_intx();
  const Expected got = answer_to(op, problem_with(op, {1, 2, 3, 4}, {10, -128, 127, 0}, {0.5, 2},
                                                  tensor_of(i8, {1, 2}, {3, -1}), tensor_of(f32, {1}, {100}), {}));
  EXPECT_EQ(got.value[0], 0.5 * (1 * 7 + 2 * -131) + 2 * (3 * 128 + 4 * 1) + 100);
}

TEST(LinearIntx, SumsThatAreScaledAreRoundedOnTheWay) {
  const Op op = linear_intx();
  const auto bound = [&](std::int64_t scaling) {
    const Problem problem = problem_with(op, {1, 2}, {3, 4}, {0.5}, {}, {}, {{"scaling", scaling}}, DType::bf16);
    return bounds(op, problem.signature, Contract{f32, DType::f64, f32, 1, 4}, answer_to(op, problem))[0];
  };
  EXPECT_GT(bound(1), 2.9 * bound(0));
  EXPECT_LT(bound(1), 3.1 * bound(0));
}

TEST(LinearIntx, SumsThatMayOverflowF16AreOpen) {
  const Op op = linear_intx();
  const Problem problem = problem_with(op, {600, 600}, {127, -127}, {0.001}, {}, {}, {{"scaling", 1}}, DType::f16);
  EXPECT_TRUE(std::isinf(answer_to(op, problem).peak[0]));
}

// The row's range is 0 … 2.55, its scale 0.01, its zero point -128: 1.004 is quantised to 100 steps.
TEST(LinearDynamicIntx, QuantisesRowsAsymmetrically) {
  const Op op = linear_dynamic_intx();
  const Expected got = answer_to(op, problem_with(op, {2.55, 1.004}, {0, 100}, {1}, {}, {}, {}));
  EXPECT_NEAR(got.value[0], 100, 1e-4);
  EXPECT_LT(got.slack[0], 1e-3);
  EXPECT_GT(got.slack[0], 0);
}

// 127.5 steps of 0.01.
TEST(LinearDynamicIntx, QuantisesRowsSymmetrically) {
  const Op op = linear_dynamic_intx();
  const Expected got = answer_to(op, problem_with(op, {-1.275, 1.004}, {0, 100}, {1}, {}, {}, {{"activation", 1}}));
  EXPECT_NEAR(got.value[0], 100, 1e-4);
  EXPECT_LT(got.slack[0], 1e-3);
}

TEST(LinearDynamicIntx, NarrowTypesAllowRoundedWeights) {
  const Op op = linear_dynamic_intx();
  // In units of the result: one for its own rounding, another for that of the weights, which f32 does not need.
  const auto slack = [&](DType dtype) {
    const Expected got = answer_to(op, problem_with(op, {2.5, 1}, {3, 100}, {1}, {}, {}, {}, dtype));
    return got.slack[0] / got.value[0] / unit_roundoff(dtype);
  };
  EXPECT_GT(slack(DType::bf16), 1.9);
  EXPECT_LT(slack(DType::bf16), 2.1);
  EXPECT_GT(slack(DType::f16), 1.9);
}

TEST(LinearDynamicIntx, NaNIsOpen) {
  const Op op = linear_dynamic_intx();
  EXPECT_TRUE(std::isinf(answer_to(op, problem_with(op, {std::nan(""), 1}, {3, 1}, {1}, {}, {}, {})).slack[0]));
}

void expect_nan(const Expected& got) {
  EXPECT_TRUE(std::isnan(got.value[0]));
  EXPECT_EQ(got.slack[0], 0);
}

// Only what becomes of the activation's NaN is open.
TEST(LinearDynamicIntx, NaNOfAFactorOrBiasIsNaN) {
  const Op op = linear_dynamic_intx();
  const double nan = std::nan("");
  for (const std::int64_t activation : {0, 1}) {
    const Sizes params = {{"activation", activation}};
    expect_nan(answer_to(op, problem_with(op, {2, 1}, {3, 1}, {1}, {}, tensor_of(f32, {1}, {nan}), params)));
    expect_nan(answer_to(op, problem_with(op, {2, 1}, {3, 1}, {nan}, {}, {}, params)));
    const Problem both = problem_with(op, {nan, 1}, {3, 1}, {1}, {}, tensor_of(f32, {1}, {nan}), params);
    EXPECT_TRUE(std::isinf(answer_to(op, both).slack[0]));
  }
}

Expected aten(const Values& x, DType dtype = f32, double scale = 1) {
  static const Op op = dyn_quant_matmul_4bit();
  const auto columns = std::ssize(x);
  // Nibbles 9, 8: codes 1 and 0, so that the first column alone is seen.
  Values bytes(x.size() / 2, 0x88);
  bytes[0] = 0x89;
  return op.evaluate(problem_of(op,
                                {tensor_of(dtype, {1, columns}, x), tensor_of(DType::u8, {1, columns / 2}, bytes),
                                 tensor_of(f32, {1, 1}, {scale}), Tensor()},
                                {{"group", columns}}))[0];
}

// Ends -128 and 127 make the scale 1 and the zero point 0.
TEST(DynQuantMatmul4bit, TiesAreRoundedAwayFromZero) {
  EXPECT_EQ(aten({2.5, -128, 127, 0}).value[0], 3);
  EXPECT_EQ(aten({-2.5, -128, 127, 0}).value[0], -3);
  EXPECT_EQ(aten({2.49, -128, 127, 0}).value[0], 2);
}

TEST(DynQuantMatmul4bit, TheRangeHoldsZero) {
  EXPECT_NEAR(aten({1.004, 2.55}).value[0], 1, 1e-6);
  EXPECT_NEAR(aten({-1.004, -2.55}).value[0], -1, 1e-6);
  EXPECT_EQ(aten({0, 0}).value[0], 0);
}

TEST(DynQuantMatmul4bit, ResultsOfBf16MayBeCutOff) {
  const Expected got = aten({100, -128, 127, 0}, DType::bf16);
  EXPECT_NEAR(got.slack[0], 2 * unit_roundoff(DType::bf16) * 100, 0.01);
}

TEST(DynQuantMatmul4bit, RangesWithoutAScaleAreOpen) {
  EXPECT_TRUE(std::isinf(aten({1e-39, 0}).slack[0]));
  EXPECT_TRUE(std::isinf(aten({1e-36, 0}).slack[0]));  // the scale's reciprocal is subnormal
  EXPECT_FALSE(std::isinf(aten({1e-35, 0}).slack[0]));
}

TEST(DynQuantMatmul4bit, OnlyTheActivationsNaNIsOpen) {
  EXPECT_TRUE(std::isinf(aten({std::nan(""), 1}).slack[0]));
  expect_nan(aten({2, 1}, f32, std::nan("")));
}

TEST(DynQuantMatmul4bit, RefusesWhatUpstreamRefuses) {
  const Op op = dyn_quant_matmul_4bit();
  EXPECT_THROW((void)make_signature(op, {{"M", 1}, {"K", 64}, {"N", 1}, {"group", 16}}), Error);
  EXPECT_THROW((void)make_signature(
                   op, {{"M", 1}, {"K", 64}, {"N", 1}, {"group", 32}, {"x", static_cast<std::int64_t>(DType::bf16)}}),
               Error);
}

}  // namespace
}  // namespace plumb
