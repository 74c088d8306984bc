#include "reference/kernel/linear_weight_gradient.h"

#include <gtest/gtest.h>

#include "reference/testing/answers.h"

namespace plumb {
namespace {

TEST(LinearWeightGradient, SumsOverRows) {
  const Op op = linear_weight_gradient();
  // d_out^T x for d_out = [[1, 2], [3, -4]], x = [[5, 6, 7], [1, 0, 2]].
  EXPECT_EQ(
      answer_of(op, {tensor_of(DType::f32, {2, 2}, {1, 2, 3, -4}), tensor_of(DType::f32, {2, 3}, {5, 6, 7, 1, 0, 2})}),
      (std::vector<double>{8, 6, 13, 6, 12, 6}));
}

TEST(LinearWeightGradient, LeadingDimensionsAreRows) {
  const Op op = linear_weight_gradient();
  EXPECT_EQ(answer_of(op, {tensor_of(DType::f32, {2, 1, 1}, {1, 3}), tensor_of(DType::f32, {2, 1, 2}, {5, 6, 1, 0})},
                      {{"lead", 2}}),
            (std::vector<double>{8, 6}));
}

TEST(LinearWeightGradient, BoundsKnowTheTerms) {
  const Op op = linear_weight_gradient();
  const Expected got =
      op.evaluate(problem_of(op, {tensor_of(DType::f32, {2, 1}, {2, -3}), tensor_of(DType::f32, {2, 1}, {-5, 1})}))[0];
  EXPECT_EQ(got.value[0], -13);
  EXPECT_EQ(got.magnitude[0], 13);
}

}  // namespace
}  // namespace plumb
