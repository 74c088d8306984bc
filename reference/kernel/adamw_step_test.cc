#include "reference/kernel/adamw_step.h"

#include <gtest/gtest.h>

#include <cmath>

#include "reference/testing/answers.h"

namespace plumb {
namespace {

struct State {
  double param, m, v, grad;
};

Answer step(const State& state, std::vector<double> factors) {
  static const Op op = adamw_step();
  const auto one = [](double value) { return tensor_of(DType::f32, {1, 1}, {value}); };
  return op.evaluate(problem_of(
      op, {one(state.param), one(state.m), one(state.v), one(state.grad), tensor_of(DType::f64, {7}, factors)}));
}

void expect_about(const Expected& got, double value) {
  EXPECT_LE(std::abs(value - got.value[0]), got.slack[0]) << got.value[0];
  EXPECT_LT(got.slack[0], 1e-5 * std::abs(value));
}

// By hand: m' = 2 - 1 = 1, v' = 2 + 2 = 4, 8 - 1/2 (1/4 8 + (1/0.5) / (sqrt(4/0.25) + 4)) = 8 - 1/2 (2 + 1/4).
TEST(AdamwStep, MovesAgainstTheGradient) {
  const Answer answer = step({8, 4, 4, -2}, {0.5, 0.5, 0.5, 4, 0.25, 0.5, 0.25});
  expect_about(answer[1], 1);
  expect_about(answer[2], 4);
  expect_about(answer[0], 6.875);
}

TEST(AdamwStep, WhatIsNotCorrectedIsTold) {
  const Answer answer = step({8, 4, 4, -2}, {0.5, 0.5, 0.5, 4, 0.25, 1, 0.25});
  EXPECT_GT(std::abs(6.875 - answer[0].value[0]), answer[0].slack[0]);
  expect_about(answer[0], 6.9375);
}

TEST(AdamwStep, ARootOfANegativeNumberIsNaN) {
  const Answer answer = step({1, 1, 1, 4}, {0.5, 0.5, 2, 1, 0, 1, 1});  // v' = 2 - 16
  expect_about(answer[2], -14);
  EXPECT_TRUE(std::isnan(answer[0].value[0]));
}

void expect_nan(const Expected& got) {
  EXPECT_TRUE(std::isnan(got.value[0]));
  EXPECT_EQ(got.slack[0], 0);
}

TEST(AdamwStep, NaNStaysNaN) {
  const double nan = std::nan("");
  const std::vector<double> factors = {0.5, 0.5, 0.5, 4, 0.25, 0.5, 0.25};
  for (const Expected& got : step({8, 4, 4, nan}, factors)) expect_nan(got);
  const Answer of_mean = step({8, nan, 4, -2}, factors), of_square = step({8, 4, nan, -2}, factors);
  expect_nan(of_mean[0]);
  expect_nan(of_mean[1]);
  expect_about(of_mean[2], 4);
  expect_nan(of_square[0]);
  expect_about(of_square[1], 1);
  expect_nan(of_square[2]);
  const Answer of_param = step({nan, 4, 4, -2}, factors);
  expect_nan(of_param[0]);
  expect_about(of_param[1], 1);
}

// In units of 2^-24: three for a product with a factor that is rounded itself, two for a sum; v' has one product more.
TEST(AdamwStep, OnlyQuotientsAndRootsAreFarOff) {
  constexpr double kUnit = 0x1p-24, kMore = 1.01;
  const Answer answer = step({8, 4, 4, -2}, {0.5, 0.5, 0.5, 4, 0.25, 0.5, 0.25});
  EXPECT_LT(answer[1].slack[0], kMore * (3 * (2 + 1) + 2 * 1) * kUnit);
  EXPECT_LT(answer[2].slack[0], kMore * (3 * (2 + 2) + 2 * 2 + 2 * 4) * kUnit);
  EXPECT_GT(answer[1].slack[0], (2 * (2 + 1) + 1) * kUnit);  // what IEEE's roundings of factors, products and sum need
  // param - update - decay = 8 - 1/8 - 1: two sums, decay's two factors, other orders, and an update that is far off.
  EXPECT_LT(answer[0].slack[0], kMore * (2 * (7.875 + 6.875) + 6 * 1 + 6 * 8 + 60 * 0.125) * kUnit);
}

// A parameter that never had a gradient: m' = 2, v' = 0, 8 - 1/2 (1/4 8 + (2/0.5) / (0 + 4)).
TEST(AdamwStep, NothingSquaredIsNotNegative) {
  const Answer answer = step({8, 4, 0, 0}, {0.5, 0.5, 0.5, 4, 0.25, 0.5, 0.25});
  expect_about(answer[0], 6.5);
}

// No product of zero and what may have overflowed is known to be NaN.
TEST(AdamwStep, WhatMayBeInfiniteTimesZeroIsOpen) {
  const Answer answer = step({1, 1, 1, 1e30}, {0, 0.5, 0.5, 1, 0, 1, 1});
  EXPECT_TRUE(std::isinf(answer[0].slack[0]));
}

TEST(AdamwStep, WhatMayOverflowIsOpen) {
  EXPECT_TRUE(std::isinf(step({1, 1, 1, 1e30}, {0.5, 0.5, 0.5, 1, 0, 1, 1})[2].slack[0]));
}

}  // namespace
}  // namespace plumb
