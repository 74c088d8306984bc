#include "reference/kernel/q8ta_linear.h"

#include <gtest/gtest.h>

#include "reference/testing/answers.h"

namespace plumb {
namespace {

struct Layer {
  double input_scale, input_zp, weight_scale, output_scale, output_zp, bias;
};

// One output of two columns with codes 3 and -5; the sums and the bias are padded to four.
Expected answer_to(const Layer& layer, double x0, double x1, std::int64_t activation = 0) {
  static const Op op = q8ta_linear();
  const auto number = [](DType dtype, double value) { return tensor_of(dtype, {1}, {value}); };
  return op.evaluate(problem_of(
      op,
      {tensor_of(DType::i8, {1, 2}, {x0, x1}), number(DType::f32, layer.input_scale), number(DType::i8, layer.input_zp),
       tensor_of(DType::i8, {1, 2}, {3, -5}), tensor_of(DType::i32, {4}, {-2, 0, 0, 0}),
       number(DType::f32, layer.weight_scale), number(DType::f32, layer.output_scale),
       number(DType::i8, layer.output_zp), tensor_of(DType::f32, {4}, {layer.bias, 0, 0, 0})},
      {{"activation", activation}}))[0];
}

constexpr Layer kLayer{0.5, 10, 0.25, 0.125, 7, 1};

// 1/8 (3 (30 - 10) - 5 (20 - 10)) + 1 = 2.25, which is 18 steps.
TEST(Q8taLinear, TakesAndGivesCodes) {
  const Expected got = answer_to(kLayer, 30, 20);
  EXPECT_EQ(got.value[0], 25);
  EXPECT_EQ(got.slack[0], 0);
}

TEST(Q8taLinear, ReluCutsAtTheZeroPoint) {
  EXPECT_EQ(answer_to(kLayer, 0, 20).value[0], -65);
  EXPECT_EQ(answer_to(kLayer, 0, 20, 1).value[0], 7);
}

TEST(Q8taLinear, SaturatesAtBothEnds) {
  EXPECT_EQ(answer_to(kLayer, 127, -128).value[0], 127);
  EXPECT_EQ(answer_to(kLayer, -128, 127).value[0], -128);
}

// A result of 2.25 is 4.5 steps of 1/2: 4 to even, but 5 if the sum is a little larger.
TEST(Q8taLinear, NearAHalfEitherCodeIsRight) {
  Layer layer = kLayer;
  layer.output_scale = 0.5;
  const Expected got = answer_to(layer, 30, 20);
  EXPECT_EQ(got.value[0], 11.5);
  EXPECT_NEAR(got.slack[0], 0.5, 1e-9);
}

}  // namespace
}  // namespace plumb
