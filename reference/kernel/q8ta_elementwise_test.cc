#include "reference/kernel/q8ta_elementwise.h"

#include <gtest/gtest.h>

#include "reference/testing/answers.h"

namespace plumb {
namespace {

using Values = std::vector<double>;

Tensor number(DType dtype, double value) { return tensor_of(dtype, {1}, {value}); }
Tensor scale(double value) { return number(DType::f32, value); }
Tensor zero_point(double value) { return number(DType::i8, value); }

Expected relu(const Values& x, double input_scale, double output_scale) {
  static const Op op = q8ta_relu();
  return op.evaluate(problem_of(op, {tensor_of(DType::i8, {1, std::ssize(x)}, x), scale(input_scale), zero_point(2),
                                     scale(output_scale), zero_point(-5)}))[0];
}

TEST(Q8taRelu, CutsBelowTheInputsZeroPoint) {
  EXPECT_EQ(relu({-128, 1, 2, 4, 127}, 0.5, 0.25).value, (Values{-5, -5, -5, -1, 127}));
}

TEST(Q8taRelu, NearAHalfEitherCodeIsRight) {
  const Expected got = relu({2, 3, 5}, 0.25, 0.5);  // 0, 0.5 and 1.5 steps
  EXPECT_EQ(got.value, (Values{-5, -4.5, -3.5}));
  EXPECT_EQ(got.slack[0], 0);
  EXPECT_NEAR(got.slack[1], 0.5, 1e-9);
}

TEST(Q8taAdd, BothHaveScalesAndZeroPoints) {
  const Op op = q8ta_add();
  // 0.5 (7 - 1) + 2 * 0.25 (9 + 3) = 9, of steps of 0.75.
  EXPECT_EQ(answer_of(op, {tensor_of(DType::i8, {1, 1}, {7}), tensor_of(DType::i8, {1, 1}, {9}), scale(0.5),
                           zero_point(1), scale(0.25), zero_point(-3), scale(2), scale(0.75), zero_point(4)}),
            (Values{16}));
}

TEST(Q8taPixelShuffle, ChannelsBecomePixels) {
  const Op op = q8ta_pixel_shuffle();
  EXPECT_EQ(answer_of(op,
                      {tensor_of(DType::i8, {1, 4, 1, 2}, {1, 2, 3, 4, 5, 6, 7, 8}), scale(1), zero_point(0),
                       scale(0.5), zero_point(0)},
                      {{"upscale", 2}}),
            (Values{2, 6, 4, 8, 10, 14, 12, 16}));
}

}  // namespace
}  // namespace plumb
