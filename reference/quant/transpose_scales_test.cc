#include "reference/quant/transpose_scales.h"

#include <gtest/gtest.h>

#include <cmath>

#include "reference/error.h"

namespace plumb {
namespace {

std::vector<double> evaluate(Tensor scales) {
  const Op op = transpose_scales();
  const Offer offer = offer_of(scales);
  Problem problem{infer_signature(op, std::span(&offer, 1), {}), {}};
  problem.inputs.push_back(std::move(scales));
  return op.evaluate(problem)[0].value;
}

TEST(TransposeScales, RowsBecomeColumns) {
  for (const DType dtype : {DType::f32, DType::f16, DType::bf16, DType::i8}) {
    Tensor scales(dtype, {2, 3});
    for (std::int64_t i = 0; i < 6; ++i) scales.set(i, static_cast<double>(i) - 2);
    EXPECT_EQ(evaluate(scales), (std::vector<double>{-2, 1, -1, 2, 0, 3})) << to_string(dtype);
  }
}

TEST(TransposeScales, KeepsWhatArithmeticWouldLose) {
  Tensor scales(DType::f16, {1, 3});
  scales.set(0, -0.0);
  scales.set(1, 0x1p-24);
  scales.set(2, std::nan(""));
  const std::vector<double> value = evaluate(scales);
  EXPECT_TRUE(std::signbit(value[0]) && value[0] == 0);
  EXPECT_EQ(value[1], 0x1p-24);
  EXPECT_TRUE(std::isnan(value[2]));
}

TEST(TransposeScales, RefusesOtherTypesAndRanks) {
  EXPECT_THROW((void)evaluate(Tensor(DType::i32, {2, 3})), Error);
  EXPECT_THROW((void)evaluate(Tensor(DType::f32, {6})), Error);
}

}  // namespace
}  // namespace plumb
