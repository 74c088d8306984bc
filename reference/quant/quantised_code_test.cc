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

// 1/3 rounds up in f32, and with it the quotient: 10.5 by division, a little more by the reciprocal.
TEST(QuantisedCode, IsThatOfTheReciprocal) {
  const double scale = 3, x = 31.5;
  const auto reciprocal = static_cast<float>(1.0 / scale);
  ASSERT_GT(static_cast<float>(x) * reciprocal, 10.5F);
  expect_code(x, scale, 0, 11, 10);
}

TEST(QuantisedCode, UndefinedOnesAreNamed) {
  EXPECT_FALSE(quantised_code(std::nan(""), 1, 0).defined);
  EXPECT_FALSE(quantised_code(0, 0, 0).defined);
  EXPECT_FALSE(quantised_code(1, 0x1p-127, 0).defined);
  EXPECT_FALSE(quantised_code(1, 0x1p127, 0).defined);
}

}  // namespace
}  // namespace plumb
