#include "reference/quant/nncf_quantize.h"

#include <gtest/gtest.h>

#include <cmath>

#include "reference/error.h"

namespace plumb {
namespace {

using Values = std::vector<double>;

enum Output : std::size_t { kCodes, kScale, kZeroPoint, kDequantized };

Answer quantize(const Values& weight, Shape shape, Sizes params, DType code) {
  const Op op = nncf_quantize();
  Tensor tensor(DType::f32, std::move(shape));
  for (std::size_t i = 0; i < weight.size(); ++i) tensor.set(static_cast<std::int64_t>(i), weight[i]);
  params["code"] = static_cast<std::int64_t>(code);
  const Offer offer = offer_of(tensor);
  const Signature signature = infer_signature(op, std::span(&offer, 1), params);
  return op.evaluate({signature, {std::move(tensor)}});
}

Answer symmetric(const Values& row, std::int64_t bits = 4) {
  return quantize(row, {1, std::ssize(row), 1}, {{"group", std::ssize(row)}, {"bits", bits}}, DType::i8);
}

Answer asymmetric(const Values& row, std::int64_t bits = 4) {
  return quantize(row, {1, std::ssize(row), 1}, {{"group", std::ssize(row)}, {"bits", bits}}, DType::u8);
}

TEST(NncfQuantize, TheScaleTakesTheSignOfTheLargerEnd) {
  const Answer negative = symmetric({-8, 0.5, 1, 1.5});
  EXPECT_EQ(negative[kScale].value, Values{1});
  EXPECT_EQ(negative[kCodes].value, (Values{-8, 0, 1, 2}));
  const Answer positive = symmetric({8, 0.5, 1, 1.5});
  EXPECT_EQ(positive[kScale].value, Values{-1});
  EXPECT_EQ(positive[kCodes].value, (Values{-8, 0, -1, -2}));
  EXPECT_EQ(positive[kDequantized].value, (Values{8, 0, 1, 2}));
  EXPECT_TRUE(std::signbit(positive[kDequantized].value[1]));
  EXPECT_EQ(positive[kZeroPoint].value, Values{});
}

// golden/openvino/nncf_quantize.h5, int4_sym_edges_numpy, rows 1 and 11: equal ends count as negative, and all-positive
// equal weights as well, so that 8 is clipped to 7.
TEST(NncfQuantize, EqualEndsGiveAPositiveScale) {
  EXPECT_EQ(symmetric({0.75, 0.75})[kScale].value, Values{0.09375});
  EXPECT_EQ(symmetric({0.75, 0.75})[kCodes].value, (Values{7, 7}));
  EXPECT_EQ(symmetric({1, -1})[kCodes].value, (Values{7, -8}));
  EXPECT_EQ(symmetric({2, -2}, 2)[kCodes].value, (Values{1, -2}));
  EXPECT_EQ(symmetric({4, -4}, 3)[kCodes].value, (Values{3, -4}));
  EXPECT_EQ(symmetric({128, -128}, 8)[kCodes].value, (Values{127, -128}));
}

TEST(NncfQuantize, ARangeThatLeavesZeroOutIsWidened) {
  const Answer above = asymmetric({7.5, 15, 3});
  EXPECT_EQ(above[kScale].value, Values{1});
  EXPECT_EQ(above[kZeroPoint].value, Values{0});
  EXPECT_EQ(above[kCodes].value, (Values{8, 15, 3}));
  const Answer below = asymmetric({-7.5, -15, -3});
  EXPECT_EQ(below[kZeroPoint].value, Values{15});
  EXPECT_EQ(below[kCodes].value, (Values{8, 0, 12}));
  EXPECT_EQ(below[kDequantized].value, (Values{-7, -15, -3}));
}

// The zero point is added before rounding: -0.5 + 3 = 2.5 is a tie, and goes to 2.
TEST(NncfQuantize, RoundsTheSumWithTheZeroPoint) {
  const Answer answer = asymmetric({-3, 12, -0.5, 0.5});
  EXPECT_EQ(answer[kZeroPoint].value, Values{3});
  EXPECT_EQ(answer[kCodes].value, (Values{0, 15, 2, 4}));
}

TEST(NncfQuantize, SmallScalesBecomeTheEpsilon) {
  EXPECT_EQ(symmetric({1e-8, -0.0})[kScale].value, Values{0x1p-23});
  EXPECT_EQ(symmetric({0, 0})[kCodes].value, (Values{0, 0}));
  EXPECT_EQ(asymmetric({1e-40, 0})[kScale].value, Values{0x1p-23});
  EXPECT_EQ(symmetric({-0x1p-20, 0})[kScale].value, Values{0x1p-23});
  EXPECT_EQ(symmetric({0x1p-20, 0})[kScale].value, Values{-0x1p-23});
}

// 0.3 / 15 in f32: the quotient is rounded, and so is the product with it.
TEST(NncfQuantize, EveryOperationIsRoundedToSingle) {
  const Answer answer = asymmetric({static_cast<double>(0.3F), 0});
  EXPECT_EQ(answer[kScale].value, Values{static_cast<double>(0.3F / 15.0F)});
  EXPECT_EQ(answer[kDequantized].value[0], static_cast<double>(15.0F * (0.3F / 15.0F)));
}

TEST(NncfQuantize, GroupsRunAlongTheReducedDimension) {
  const Answer groups = quantize({-8, 0, -16, 2}, {1, 4, 1}, {{"group", 2}}, DType::i8);
  EXPECT_EQ(groups[kScale].value, (Values{1, 2}));
  EXPECT_EQ(groups[kCodes].value, (Values{-8, 0, -8, 1}));
  const Answer columns = quantize({-8, 0, -16, 2}, {1, 2, 2}, {{"group", 2}}, DType::i8);
  EXPECT_EQ(columns[kScale].value, (Values{2, -0.25}));
  EXPECT_EQ(columns[kCodes].value, (Values{-4, 0, -8, -8}));
}

// 0.05 is stored as f16, but 0.7375 / 0.05 = 14.75 is divided by the f32.
TEST(NncfQuantize, TheScaleIsRoundedOnlyWhenItIsStored) {
  const auto half = static_cast<std::int64_t>(DType::f16);
  const Answer answer = quantize({0.75, 0.7375}, {1, 2, 1}, {{"group", 2}, {"scale", half}}, DType::u8);
  EXPECT_EQ(answer[kScale].value, Values{round_to(DType::f16, static_cast<double>(0.05F))});
  EXPECT_EQ(answer[kDequantized].value[0], static_cast<double>(15.0F * 0.05F));
}

// The range overflows: every code is 0, and 0 times infinity is no number.
TEST(NncfQuantize, ARangeBeyondSingleHasAnInfiniteScale) {
  const double huge = 0x1.8p127;
  const Answer answer = asymmetric({huge, -huge});
  EXPECT_EQ(answer[kScale].value, Values{INFINITY});
  EXPECT_EQ(answer[kZeroPoint].value, Values{0});
  EXPECT_EQ(answer[kCodes].value, (Values{0, 0}));
  EXPECT_TRUE(std::isnan(answer[kDequantized].value[0]));
}

TEST(NncfQuantize, CodesOfWhatIsNotANumberAreLeftOpen) {
  const Answer answer = asymmetric({1, NAN});
  EXPECT_TRUE(std::isnan(answer[kScale].value[0]) && std::isnan(answer[kZeroPoint].value[0]));
  EXPECT_TRUE(std::isnan(answer[kCodes].value[0]) && std::isnan(answer[kDequantized].value[1]));
}

TEST(NncfQuantize, GroupsThatDoNotDivideAreRefused) {
  EXPECT_THROW((void)quantize(Values(16, 1), {1, 16, 1}, {{"group", 5}}, DType::i8), Error);
  EXPECT_THROW((void)quantize(Values(16, 1), {1, 16, 1}, {{"group", 4}, {"bits", 5}}, DType::i8), Error);
}

}  // namespace
}  // namespace plumb
