#include "reference/quant/quantize_plain_int4.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "reference/testing/answers.h"

namespace plumb {
namespace {

using Values = std::vector<double>;

Answer answer_to(const Values& w, std::int64_t columns, Sizes params, DType dtype = DType::f32) {
  static const Op op = quantize_plain_int4();
  const auto rows = static_cast<std::int64_t>(w.size()) / columns;
  return op.evaluate(problem_of(op, {tensor_of(dtype, {rows, columns}, w)}, params));
}

TEST(QuantizePlainInt4, MapsTheRangeToAllCodes) {
  const Answer answer = answer_to({-1, 0, 6.5, 2}, 4, {{"group", 4}});
  EXPECT_EQ(answer[1].value, Values{0.5});
  EXPECT_EQ(answer[2].value, Values{3});  // -1 + 8 / 2
  EXPECT_EQ(answer[0].value, (Values{-8, -6, 7, -2}));
}

TEST(QuantizePlainInt4, RoundsTiesToEven) {
  const Answer answer = answer_to({0, 7.5, 0.25, 0.75, 1.25}, 5, {{"group", 5}});
  EXPECT_EQ(answer[0].value, (Values{-8, 7, -8, -6, -6}));
}

TEST(QuantizePlainInt4, SymmetricLosesTheLargestPositive) {
  const Answer answer = answer_to({8, -8, 7.5, 6.5, 0.5, -0.5}, 6, {{"group", 6}, {"symmetric", 1}});
  EXPECT_EQ(answer[1].value, Values{1});
  EXPECT_EQ(answer[2].value, Values{0});
  EXPECT_EQ(answer[0].value, (Values{7, -8, 7, 6, 0, 0}));
}

TEST(QuantizePlainInt4, ZerosAndEqualValuesHaveTheLeastScale) {
  const double least = static_cast<double>(1e-6F / 15);
  const Answer zeros = answer_to({0, -0.0, 0.625, 0.625}, 2, {{"group", 2}});
  EXPECT_EQ(zeros[1].value, (Values{least, least}));
  EXPECT_EQ(zeros[0].value, (Values{-8, -8, -8, -8}));
  const Answer symmetric = answer_to({0, -0.0}, 2, {{"group", 2}, {"symmetric", 1}});
  EXPECT_EQ(symmetric[0].value, (Values{0, 0}));
  EXPECT_EQ(symmetric[1].value, Values{static_cast<double>(1e-6F / 8)});
}

// [groups, rows]; the last group of a row may be shorter.
TEST(QuantizePlainInt4, ParametersAreTransposed) {
  const Answer answer = answer_to({0, 15, 30, 0, 150, 300}, 3, {{"group", 2}});
  EXPECT_EQ(answer[1].value, (Values{1, 10, static_cast<double>(1e-6F / 15), static_cast<double>(1e-6F / 15)}));
  EXPECT_EQ(answer[2].value[3], 300);
}

TEST(QuantizePlainInt4, CodesComeFromScalesInF32) {
  const Answer answer = answer_to({0, 1, 0.96875}, 3, {{"group", 3}}, DType::bf16);
  EXPECT_EQ(answer[1].value, Values{round_to(DType::bf16, 1.0 / 15)});
  EXPECT_EQ(answer[0].value, (Values{-8, 7, 7}));  // 14.53 - 8; 14.48 with the rounded scale
}

TEST(QuantizePlainInt4, NanSpreadsOverItsGroup) {
  const Answer answer = answer_to({0, std::nan(""), 1, 2}, 2, {{"group", 2}});
  EXPECT_TRUE(std::isnan(answer[0].value[0]) && std::isnan(answer[1].value[0]) && std::isnan(answer[2].value[0]));
  EXPECT_EQ(answer[0].value[3], 7);
  const double infinity = std::numeric_limits<double>::infinity();
  const Answer endless = answer_to({0, infinity}, 2, {{"group", 2}});
  EXPECT_EQ(endless[1].value[0], infinity);
  EXPECT_TRUE(std::isnan(endless[0].value[1]));
  EXPECT_EQ(endless[0].value[0], -8);
}

}  // namespace
}  // namespace plumb
