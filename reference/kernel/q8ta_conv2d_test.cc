#include "reference/kernel/q8ta_conv2d.h"

#include <gtest/gtest.h>

#include <numeric>

#include "reference/testing/answers.h"

namespace plumb {
namespace {

using Values = std::vector<double>;

Tensor number(DType dtype, double value) { return tensor_of(dtype, {1}, {value}); }

// One image, and weights of as many rows as there are sums; all scales are 1, the zero point of x is 3, that of y 0.
Values answer_to(const Shape& shape, const Values& x, const Values& weights, const Values& sums, const Sizes& params) {
  const Op op = q8ta_conv2d();
  const auto outputs = std::ssize(sums);
  return answer_of(
      op,
      {tensor_of(DType::i8, shape, x), number(DType::f32, 1), number(DType::i8, 3),
       tensor_of(DType::i8, {outputs, std::ssize(weights) / outputs}, weights), tensor_of(DType::i32, {outputs}, sums),
       tensor_of(DType::f32, {outputs}, Values(sums.size(), 1)), number(DType::f32, 1), number(DType::i8, 0), Tensor()},
      params);
}

TEST(Q8taConv2d, APointwiseOneIsALinearLayerOfPixels) {
  // Two channels of two pixels: (1, 2), (5, 7), less 3: (-2, -1), (2, 4).
  EXPECT_EQ(answer_to({1, 2, 1, 2}, {1, 2, 5, 7}, {1, 2, -1, 0}, {3, -1}, {}), (Values{2, 7, 2, 1}));
}

TEST(Q8taConv2d, BeyondTheImageIsZero) {
  const Values ones(9, 1);
  Values x(9);
  std::iota(x.begin(), x.end(), 4);  // 1 … 9 more than the zero point
  EXPECT_EQ(answer_to({1, 1, 3, 3}, x, ones, {9}, {{"kernel_h", 3}, {"kernel_w", 3}, {"padding", 1}}),
            (Values{12, 21, 16, 27, 45, 33, 24, 39, 28}));
  EXPECT_EQ(answer_to({1, 1, 3, 3}, x, ones, {9}, {{"kernel_h", 3}, {"kernel_w", 3}, {"padding", 1}, {"stride", 2}}),
            (Values{12, 16, 24, 28}));
}

TEST(Q8taConv2d, DilationLeavesOutPixels) {
  Values x(9);
  std::iota(x.begin(), x.end(), 4);
  EXPECT_EQ(answer_to({1, 1, 3, 3}, x, {1, 10}, {11}, {{"kernel_w", 2}, {"dilation", 2}}), (Values{31, 64, 97}));
}

}  // namespace
}  // namespace plumb
