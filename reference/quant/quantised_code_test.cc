#include "reference/quant/quantised_code.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace plumb {
namespace {

void expect_code(double x, double scale, double zero_point, double value, double other) {
  const QuantisedCode code = quantised_code(x, scale, zero_point);
  EXPECT_TRUE(code.defined);
  EXPECT_EQ(code.value, value) << x;
  EXPECT_EQ(code.other, other) << x;
}

TEST(QuantisedCode, RoundsShiftsAndClamps) {
  expect_code(0, 0.5, 3, 3, 3);
  expect_code(-1.2, 0.5, 3, 1, 1);
  expect_code(1e30, 0.5, 3, 127, 127);
  expect_code(-1e30, 0.5, 3, -128, -128);
  expect_code(-std::numeric_limits<double>::infinity(), 1, 100, -128, -128);
}

TEST(QuantisedCode, TiesHaveTwoOutcomes) {
  expect_code(1.25, 0.5, 0, 2, 3);
  expect_code(0.75, 0.5, 0, 2, 1);
  expect_code(-0.25, 0.5, -7, -7, -8);
}

TEST(QuantisedCode, ATieBeyondTheRangeHasOne) {
  expect_code(127.5, 1, 0, 127, 127);
  expect_code(-128.5, 1, 0, -128, -128);
  expect_code(126.5, 1, 0, 126, 127);
}

// 2.5 is a half; what lies within two roundings of it may become one, and nothing else.
TEST(QuantisedCode, NearTiesHaveTwoOutcomes) {
  const double reach = 2.5 * 0x1p-23;
  expect_code(2.5 - 0.9 * reach, 1, 0, 2, 3);
  expect_code(2.5 + 0.9 * reach, 1, 0, 3, 2);
  expect_code(2.5 - 2 * reach, 1, 0, 2, 2);
  expect_code(2.5 + 2 * reach, 1, 0, 3, 3);
}

// 45.5 / 7 is a half, whose even side is 6; 45.5 times 1/7 rounded to f32 is a little more.
TEST(QuantisedCode, IsThatOfTheReciprocal) {
  ASSERT_GT(45.5F * (1.0F / 7.0F), 6.5F);
  expect_code(45.5, 7, 0, 7, 6);
}

TEST(QuantisedCode, UndefinedOnesAreNamed) {
  EXPECT_FALSE(quantised_code(std::nan(""), 1, 0).defined);
  EXPECT_FALSE(quantised_code(0, 0, 0).defined);
  EXPECT_FALSE(quantised_code(1, 0x1p-127, 0).defined);
  EXPECT_FALSE(quantised_code(1, 0x1p127, 0).defined);
}

}  // namespace
}  // namespace plumb
