#include "reference/quant/q4gsw_requant.h"

#include <gtest/gtest.h>

#include <cmath>

#include "reference/error.h"
#include "reference/testing/answers.h"

namespace plumb {
namespace {

using Values = std::vector<double>;

// One row, one scale: the codes 0 ... 15.
Values codes_of(const Values& latent, double scale) {
  const auto count = static_cast<std::int64_t>(latent.size());
  const Values packed =
      answer_of(q4gsw_requant(), {tensor_of(DType::f32, {1, count}, latent), tensor_of(DType::f32, {1, 1}, {scale})},
                {{"group", count}});
  Values codes;
  for (std::size_t k = 0; k < latent.size(); ++k) {
    const int byte = static_cast<int>(packed[k / 2]);
    codes.push_back(k % 2 == 0 ? byte & 15 : byte >> 4);
  }
  return codes;
}

TEST(Q4gswRequant, RoundsHalfToEvenAndClamps) {
  EXPECT_EQ(codes_of({-0.5, 0.5, -1.5, 1.5, 2.5, 6.5, 7.5, -8.5, -9, 100}, 1),
            (Values{8, 8, 6, 10, 10, 14, 15, 0, 0, 15}));
  EXPECT_EQ(codes_of({0.5, -1.5}, -0.25), (Values{6, 14}));
  EXPECT_EQ(codes_of({INFINITY, -INFINITY, 3e38, 1e-45}, 0x1p-126), (Values{15, 0, 15, 8}));
}

// 3.5 times this scale is no f32; the next one below gives a quotient that f32 rounds to 3.5, and so to 4.
TEST(Q4gswRequant, TheQuotientIsRoundedToF32First) {
  const double scale = 1 + 3 * 0x1p-23, latent = round_to(DType::f32, 3.5 * scale);
  ASSERT_LT(latent, 3.5 * scale);
  EXPECT_EQ(codes_of({latent, latent}, scale), (Values{12, 12}));
}

TEST(Q4gswRequant, AZeroScaleGivesCode0) {
  EXPECT_EQ(codes_of({5, -INFINITY, NAN, 0}, 0), (Values{8, 8, 8, 8}));
  EXPECT_EQ(codes_of({5, -5}, -0.0), (Values{8, 8}));
}

TEST(Q4gswRequant, ScalesLieGroupByGroupAndOddRowsEndInNibble0) {
  const Tensor latent = tensor_of(DType::f32, {2, 3}, {1, 2, 3, 4, 5, 6});
  const Tensor scales = tensor_of(DType::f32, {2, 2}, {1, 2, 3, 6});
  EXPECT_EQ(answer_of(q4gsw_requant(), {latent, scales}, {{"group", 2}}), (Values{0xa9, 0x09, 0xaa, 0x09}));
}

TEST(Q4gswRequant, WhatNanBecomesIsOpen) {
  const Tensor latent = tensor_of(DType::f32, {1, 4}, {NAN, 1, 1, 1});
  const Tensor scales = tensor_of(DType::f32, {1, 1}, {1});
  const Values packed = answer_of(q4gsw_requant(), {latent, scales}, {{"group", 4}});
  EXPECT_TRUE(std::isnan(packed[0]));
  EXPECT_EQ(packed[1], 0x99);
}

TEST(Q4gswRequant, RefusesOtherNumbersOfGroups) {
  const Tensor latent(DType::f32, {5, 32});
  for (const std::int64_t groups : {1, 3}) {
    EXPECT_THROW((void)answer_of(q4gsw_requant(), {latent, Tensor(DType::f32, {groups, 5})}, {{"group", 16}}), Error);
  }
  EXPECT_THROW((void)answer_of(q4gsw_requant(), {latent, Tensor(DType::f32, {2, 5})}, {{"group", 0}}), Error);
}

TEST(Q4gswRequantW4x8, RowsOfEightCodes) {
  const Tensor latent = tensor_of(DType::f32, {2, 8}, {0, 1, 2, 3, 4, 5, 6, 7, -8, -7, -6, -5, -4, -3, -2, NAN});
  const Tensor scales = tensor_of(DType::f32, {1, 2}, {1, 1});
  const Values packed = answer_of(q4gsw_requant_w_4x8(), {latent, scales}, {{"group", 8}});
  const double padding = static_cast<std::int32_t>(0x88888888);
  ASSERT_EQ(packed.size(), 8U);
  EXPECT_EQ((Values{packed.begin(), packed.begin() + 4}), (Values{0x3b2a1908, padding, padding, padding}));
  EXPECT_TRUE(std::isnan(packed[4]));
  EXPECT_EQ((Values{packed.begin() + 5, packed.end()}), (Values{padding, padding, padding}));
}

}  // namespace
}  // namespace plumb
