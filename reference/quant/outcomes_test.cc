#include "reference/quant/outcomes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace plumb {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(Outcomes, EndsOfResultsComeFromEndsOfOperands) {
  const Outcomes a(1, 2), b(3, 5);
  EXPECT_EQ((a + b).low(), 4);
  EXPECT_EQ((a + b).high(), 7);
  EXPECT_EQ((a - b).low(), -4);
  EXPECT_EQ((a - b).high(), -1);
  EXPECT_EQ((Outcomes(-1, 2) * b).low(), -5);
  EXPECT_EQ((Outcomes(-1, 2) * b).high(), 10);
  EXPECT_EQ((a / Outcomes(-4, -2)).low(), -1);
  EXPECT_EQ((a / Outcomes(-4, -2)).high(), -0.25);
  EXPECT_EQ(magnitude(Outcomes(-3, 2)).low(), 0);
  EXPECT_EQ(magnitude(Outcomes(-3, 2)).high(), 3);
  EXPECT_EQ(magnitude(Outcomes(-3, -2)).low(), 2);
}

TEST(Outcomes, AreRoundedToF32) {
  const Outcomes third = Outcomes(1) / 3;
  EXPECT_TRUE(third.is_certain());
  EXPECT_EQ(third.low(), static_cast<double>(1.0F / 3.0F));
  EXPECT_EQ((Outcomes(0x1p24) + 1).low(), 0x1p24);
}

TEST(Outcomes, ADivisorThatMayBeZeroGivesAnything) {
  EXPECT_TRUE((Outcomes(1) / Outcomes(0, 1)).is_anything());
  EXPECT_TRUE((Outcomes(-1, 1) / 0).is_anything());
  EXPECT_EQ((Outcomes(1) / 0).low(), kInfinity);
  EXPECT_TRUE((Outcomes(0) / 0).is_nan());
}

TEST(Outcomes, NanIsOneValueAndWithNumbersAnything) {
  const Outcomes nan(std::nan(""));
  EXPECT_TRUE(nan.is_certain());
  EXPECT_TRUE((nan + 1).is_nan());
  EXPECT_TRUE(nan.or_else(nan).is_nan());
  EXPECT_TRUE(nan.or_else(1).is_anything());
  EXPECT_TRUE(Outcomes(1, std::nan("")).is_anything());
  EXPECT_TRUE((Outcomes::anything() * 0).is_anything());
}

TEST(Outcomes, CodesAreRoundedToEvenAndClamped) {
  const Outcomes code = rounded_code(Outcomes(2.5, std::nextafter(2.5, 3)), 0, 15);
  EXPECT_EQ(code.low(), 2);
  EXPECT_EQ(code.high(), 3);
  EXPECT_TRUE(rounded_code(Outcomes(15.2, 99), 0, 15).is_certain());
  EXPECT_EQ(rounded_code(-kInfinity, 0, 15).low(), 0);
}

TEST(Outcomes, SumsOfMultiplesOfOnePowerOfTwoAreExact) {
  const std::vector<Outcomes> terms = {0.5, -0.25, 3, 0x1p20, -0x1p20};
  const Outcomes sum = sum_in_any_order(terms);
  EXPECT_TRUE(sum.is_certain());
  EXPECT_EQ(sum.low(), 3.25);
  EXPECT_TRUE(sum_in_any_order(std::vector<Outcomes>{0.1F}).is_certain());
  EXPECT_FALSE(sum_in_any_order(std::vector<Outcomes>{0x1p24, 1, -0x1p24}).is_certain());
}

TEST(Outcomes, SumsThatOverflowInSomeOrdersAreAnything) {
  const double most = info(DType::f32).max_finite;
  EXPECT_TRUE(sum_in_any_order(std::vector<Outcomes>{most, most, -most}).is_anything());
  EXPECT_EQ(sum_in_any_order(std::vector<Outcomes>{most, most}).low(), kInfinity);
  constexpr double kMostOfBf16 = 0x1.fep127;  // few bits, so that the sum itself would be exact
  EXPECT_TRUE(sum_in_any_order(std::vector<Outcomes>{kMostOfBf16, kMostOfBf16, -kMostOfBf16}).is_anything());
  EXPECT_EQ(sum_in_any_order(std::vector<Outcomes>{kMostOfBf16, kMostOfBf16}).low(), kInfinity);
  EXPECT_TRUE(sum_in_any_order(std::vector<Outcomes>{kInfinity, -kInfinity}).is_nan());
  EXPECT_EQ(sum_in_any_order(std::vector<Outcomes>{kInfinity, 1}).low(), kInfinity);
  EXPECT_TRUE(sum_in_any_order(std::vector<Outcomes>{1, std::nan("")}).is_nan());
}

// f32 sums in many orders, blocked or not, are outcomes; and those are not many.
TEST(Outcomes, HoldSumsInAnyOrder) {
  std::minstd_rand random(1);
  for (int round = 0; round < 200; ++round) {
    std::vector<float> values;
    for (int i = 0; i < 1 + round % 70; ++i) {
      values.push_back(
          static_cast<float>(std::ldexp(static_cast<double>(random()) - 0x1p30, -static_cast<int>(random() % 8))));
    }
    const Outcomes outcomes = sum_in_any_order(std::vector<Outcomes>(values.begin(), values.end()));
    for (int order = 0; order < 20; ++order) {
      for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[random() % i]);
      const std::size_t block = 1 + random() % values.size();
      float sum = 0;
      for (std::size_t first = 0; first < values.size(); first += block) {
        float part = 0;
        for (std::size_t i = first; i < std::min(values.size(), first + block); ++i) part += values[i];
        sum += part;
      }
      ASSERT_TRUE(outcomes.low() <= sum && sum <= outcomes.high()) << round;
    }
  }
}

TEST(Outcomes, ComparisonsKnowWhenTheyDoNot) {
  EXPECT_EQ(is_less(Outcomes(1, 2), 3), Verity::yes);
  EXPECT_EQ(is_less(Outcomes(1, 2), 1), Verity::no);
  EXPECT_EQ(is_less(Outcomes(1, 2), 2), Verity::either);
  EXPECT_EQ(is_less(std::nan(""), 2), Verity::no);
  EXPECT_EQ(is_less(Outcomes::anything(), 2), Verity::either);
}

// What the judge gets admits both ends, and nothing beyond them.
TEST(Outcomes, BecomeAMiddleAndASlackThatReachesBothEnds) {
  Expected expected;
  const float low = 0.1F, high = std::nextafter(0.1F, 1.0F);
  append(expected, Outcomes(3, 4));
  append(expected, Outcomes(low, high));
  append(expected, 7);
  append(expected, Outcomes::anything());
  ASSERT_EQ(expected.slack.size(), 4U);
  const auto admits = [&](std::size_t i, double got) { return std::abs(got - expected.value[i]) <= expected.slack[i]; };
  EXPECT_TRUE(admits(0, 3) && admits(0, 4) && !admits(0, 2) && !admits(0, 5));
  EXPECT_TRUE(admits(1, low) && admits(1, high));
  EXPECT_FALSE(admits(1, std::nextafter(low, 0.0F)) || admits(1, std::nextafter(high, 1.0F)));
  EXPECT_TRUE(admits(2, 7) && !admits(2, 6.5) && expected.slack[2] == 0);
  EXPECT_EQ(expected.slack[3], kInfinity);
}

}  // namespace
}  // namespace plumb
