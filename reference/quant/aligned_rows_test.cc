#include "reference/quant/aligned_rows.h"

#include <gtest/gtest.h>

#include "reference/error.h"
#include "reference/testing/answers.h"

namespace plumb {
namespace {

using Values = std::vector<double>;

TEST(AlignWidth, ZerosFillUpEachRow) {
  const Tensor x = tensor_of(DType::f32, {2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(answer_of(align_width(), {x}), (Values{1, 2, 3, 0, 4, 5, 6, 0}));
  EXPECT_EQ(answer_of(align_width(), {x}, {{"align", 5}}), (Values{1, 2, 3, 0, 0, 4, 5, 6, 0, 0}));
  for (const std::int64_t align : {1, 3}) {
    EXPECT_EQ(answer_of(align_width(), {x}, {{"align", align}}), (Values{1, 2, 3, 4, 5, 6})) << align;
  }
  EXPECT_THROW((void)answer_of(align_width(), {x}, {{"align", 0}}), Error);
}

TEST(AlignWidth, TakesAnyRankFrom1) {
  const Op op = align_width();
  const auto shape_for = [&](const Shape& shape) {
    return output_forms(op, problem_of(op, {Tensor(DType::f16, shape)}).signature)[0].shape;
  };
  EXPECT_EQ(shape_for({7}), Shape{8});
  EXPECT_EQ(shape_for({2, 3, 5}), (Shape{2, 3, 8}));
  EXPECT_THROW((void)shape_for({}), Error);
}

TEST(TransposeScalesAligned, RowsBecomeColumns) {
  const Tensor scales = tensor_of(DType::f32, {3, 2}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(answer_of(transpose_scales_aligned(), {scales}), (Values{1, 3, 5, 0, 2, 4, 6, 0}));
  EXPECT_EQ(answer_of(transpose_scales_aligned(), {scales}, {{"align", 1}}), (Values{1, 3, 5, 2, 4, 6}));
  EXPECT_THROW((void)answer_of(transpose_scales_aligned(), {scales}, {{"align", -4}}), Error);
}

}  // namespace
}  // namespace plumb
