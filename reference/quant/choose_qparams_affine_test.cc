#include "reference/quant/choose_qparams_affine.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "reference/error.h"
#include "reference/quant/tinygemm.h"

namespace plumb {
namespace {

enum Mapping : std::int64_t { kSymmetric, kNoClipping, kAsymmetric, kLeastError, kAbsmax, kStretched };
using Values = std::vector<double>;

struct Chosen {
  Values scale, zero_point;
};

Chosen choose(const Op& op, DType dtype, Shape shape, const Values& x, Sizes params) {
  Tensor tensor(dtype, std::move(shape));
  for (std::size_t i = 0; i < x.size(); ++i) tensor.set(static_cast<std::int64_t>(i), x[i]);
  if (!params.contains("quant_min")) params["quant_min"] = -8;
  if (!params.contains("quant_max")) params["quant_max"] = 7;
  const Offer offer = offer_of(tensor);
  Problem problem{infer_signature(op, std::span(&offer, 1), params), {}};
  problem.inputs.push_back(std::move(tensor));
  const Answer answer = op.evaluate(problem);
  return {answer[0].value, answer[1].value};
}

// One block of f32.
Chosen choose(const Values& x, Sizes params) {
  params["group"] = std::ssize(x);
  return choose(choose_qparams_affine(), DType::f32, {1, std::ssize(x)}, x, std::move(params));
}

TEST(ChooseQparamsAffine, SymmetricDividesByHalfTheLevels) {
  const Chosen chosen = choose({-3, 15}, {{"mapping", kSymmetric}});
  EXPECT_EQ(chosen.scale, Values{2});
  EXPECT_EQ(chosen.zero_point, Values{0});
  EXPECT_EQ(choose({-3, 15}, {{"mapping", kSymmetric}, {"quant_min", 0}, {"quant_max", 15}}).zero_point, Values{8});
}

TEST(ChooseQparamsAffine, NoClippingTakesTheLargerScale) {
  EXPECT_EQ(choose({-16, 7}, {{"mapping", kNoClipping}}).scale, Values{2});
  EXPECT_EQ(choose({-8, 14}, {{"mapping", kNoClipping}}).scale, Values{2});
}

TEST(ChooseQparamsAffine, AsymmetricHoldsZero) {
  const Chosen positive = choose({15, 30}, {{"mapping", kAsymmetric}});
  EXPECT_EQ(positive.scale, Values{2});
  EXPECT_EQ(positive.zero_point, Values{-8});
  const Chosen both = choose({-4, 26}, {{"mapping", kAsymmetric}});
  EXPECT_EQ(both.scale, Values{2});
  EXPECT_EQ(both.zero_point, Values{-6});
}

TEST(ChooseQparamsAffine, WithoutPreserveZeroTheRangeStaysAsItIs) {
  const Chosen chosen = choose({15, 30}, {{"mapping", kAsymmetric}, {"preserve_zero", 0}});
  EXPECT_EQ(chosen.scale, Values{1});
  EXPECT_EQ(chosen.zero_point, Values{-8});  // -8 - 15, clamped
  EXPECT_THROW((void)choose({15, 30}, {{"mapping", kSymmetric}, {"preserve_zero", 0}}), Error);
}

// Scale 1: min/scale = -3.4, max/scale = 11.6. (-8 - 3.4) + (7 + 11.6) > 0, so -8 + 3.4 = -4.6 is rounded.
TEST(ChooseQparamsAffine, LeastErrorRoundsTheDifference) {
  EXPECT_EQ(choose({-3.4, 11.6}, {{"mapping", kLeastError}}).zero_point, Values{-5});
  // (-8 - 11.6) + (7 + 3.4) < 0: 7 - 3.4 = 3.6.
  EXPECT_EQ(choose({-11.6, 3.4}, {{"mapping", kLeastError}}).zero_point, Values{4});
}

TEST(ChooseQparamsAffine, AbsmaxRaisesTheMagnitude) {
  EXPECT_EQ(choose({-14, 7}, {{"mapping", kAbsmax}}).scale, Values{2});
  const double eps = static_cast<double>(1e-5F);
  EXPECT_EQ(choose({0, 0}, {{"mapping", kAbsmax}, {"eps", 2}}).scale, Values{round_to(DType::f32, eps / 7)});
}

// Codes -8 … 7: from the minimum -8 + |min|/scale if 8 + |min|/scale < 7 + max/scale, else 7 - max/scale.
TEST(ChooseQparamsAffine, StretchedTakesTheEndOfLessError) {
  EXPECT_EQ(choose({-3.4, 11.6}, {{"mapping", kStretched}}).zero_point, Values{-5});
  EXPECT_EQ(choose({-11.6, 3.4}, {{"mapping", kStretched}}).zero_point, Values{4});
}

TEST(ChooseQparamsAffine, StretchedRaisesScalesWithTheirRange) {
  const double least = static_cast<double>(6.1e-5F);
  const Chosen zeros = choose({0, -0.0}, {{"mapping", kStretched}});
  EXPECT_EQ(zeros.scale, Values{static_cast<double>(0.1F)});
  EXPECT_EQ(zeros.zero_point, Values{7});
  EXPECT_EQ(choose({0, 0x1p-127}, {{"mapping", kStretched}}).scale, Values{static_cast<double>(0.1F)});
  const Chosen both = choose({-0x1p-20, 0x1p-21}, {{"mapping", kStretched}});  // two thirds of the range are negative
  EXPECT_EQ(both.scale, Values{least});
  EXPECT_EQ(both.zero_point, Values{2});
  const Chosen positive = choose({0, 0x1p-20}, {{"mapping", kStretched}});  // 15 scales: all codes
  EXPECT_EQ(positive.scale, Values{least});
  EXPECT_EQ(positive.zero_point, Values{-8});
  EXPECT_EQ(choose({-0x1p-20, 0}, {{"mapping", kStretched}}).zero_point, Values{7});
}

TEST(ChooseQparamsAffine, ScalesStayAboveEps) {
  EXPECT_EQ(choose({0, -0.0}, {{"mapping", kAsymmetric}}).scale, Values{0x1p-126});
  EXPECT_EQ(choose({0, 0}, {{"mapping", kSymmetric}, {"eps", 1}}).scale, Values{static_cast<double>(1e-6F)});
  EXPECT_EQ(choose({0, 0}, {{"mapping", kNoClipping}, {"eps", 3}}).scale, Values{0x1p-23});
}

// The zero point uses the scale before it is cast: 1/15 is 0.0667 in f32 and 0.0664 in bf16.
TEST(ChooseQparamsAffine, TheCastComesLast) {
  const Chosen chosen = choose(
      {-1, 0},
      {{"mapping", kAsymmetric}, {"quant_min", -128}, {"quant_max", 127}, {"scale", static_cast<int>(DType::bf16)}});
  EXPECT_EQ(chosen.scale, Values{round_to(DType::bf16, 1.0 / 255)});
  EXPECT_NE(chosen.scale[0], round_to(DType::f32, 1.0 / 255));
  EXPECT_EQ(chosen.zero_point, Values{127});
}

TEST(ChooseQparamsAffine, EachBlockHasItsOwn) {
  const Chosen chosen = choose(choose_qparams_affine(), DType::f32, {2, 4}, {1, 2, 10, 20, 7.5, 15, 30, 25},
                               {{"rows", 2}, {"group", 2}, {"mapping", kAsymmetric}});
  EXPECT_EQ(chosen.scale, (Values{1, 2}));
}

TEST(ChooseQparamsAffine, NanMakesTheScaleNanAndLeavesTheZeroPointOpen) {
  const Chosen chosen = choose({1, std::nan(""), 2}, {{"mapping", kAsymmetric}});
  EXPECT_TRUE(std::isnan(chosen.scale[0]));
  EXPECT_TRUE(std::isnan(chosen.zero_point[0]));
  EXPECT_EQ(choose({1, std::nan("")}, {{"mapping", kSymmetric}}).zero_point, Values{0});
}

TEST(ChooseQparamsAffine, RefusesEmptyBlocks) {
  EXPECT_THROW((void)choose(choose_qparams_affine(), DType::f32, {0, 4}, {}, {{"group", 4}}), Error);
}

// Range 0 … 15 over [15, 45]: scale 2, and the middle code 8 stands for 15 + 2 * 8.
TEST(Tinygemm, ChoosesTheValueOfTheMiddleCode) {
  const Chosen chosen = choose(choose_qparams_tinygemm(), DType::f32, {1, 2}, {15, 45},
                               {{"group", 2}, {"quant_min", 0}, {"quant_max", 15}});
  EXPECT_EQ(chosen.scale, Values{2});
  EXPECT_EQ(chosen.zero_point, Values{31});
}

Values evaluate_tinygemm(const Op& op, Tensor values, double scale, double zero_point, DType dtype) {
  Problem problem{{}, {std::move(values), Tensor(dtype, {1, 1}), Tensor(dtype, {1, 1})}};
  problem.inputs[1].set(0, scale);
  problem.inputs[2].set(0, zero_point);
  std::vector<Offer> offers;
  for (const Tensor& input : problem.inputs) offers.push_back(offer_of(input));
  problem.signature =
      infer_signature(op, offers, {{"group", problem.inputs[0].size()}, {"quant_min", 0}, {"quant_max", 15}});
  return op.evaluate(problem)[0].value;
}

// Codes stand for 31 + 2 (code - 8).
TEST(Tinygemm, DividesWhatLiesAboveTheSmallestValue) {
  Tensor x(DType::f32, {1, 5});
  for (std::int64_t i = 0; i < 5; ++i) x.set(i, std::vector<double>{15, 16, 18, 45, 99}[static_cast<std::size_t>(i)]);
  EXPECT_EQ(evaluate_tinygemm(quantize_tinygemm(), x, 2, 31, DType::f32), (Values{0, 0, 2, 15, 15}));
}

TEST(Tinygemm, DequantizesAndRoundsEveryStep) {
  Tensor codes(DType::i32, {1, 3});
  for (std::int64_t i = 0; i < 3; ++i) codes.set(i, static_cast<double>(7 * i));
  EXPECT_EQ(evaluate_tinygemm(dequantize_tinygemm(), codes, 2, 31, DType::f32), (Values{15, 29, 43}));
  // bf16 has 8 bits: 256 - 16 = 240, 256 - 2 = 254, 256 + 12 = 268 is a multiple of 4 but not of 2^2's neighbours.
  EXPECT_EQ(evaluate_tinygemm(dequantize_tinygemm(), codes, 0.125, 256, DType::bf16), (Values{255, 256, 256}));
}

}  // namespace
}  // namespace plumb
