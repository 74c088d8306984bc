#include "reports/number_text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace plumb {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

RC_GTEST_PROP(NumberText, ExactTextReadsBackBitForBit, (std::uint64_t bits)) {
  const auto value = std::bit_cast<double>(bits);
  const double back = std::strtod(exact_text(value).c_str(), nullptr);
  const bool same = std::isnan(value) ? std::isnan(back) : std::bit_cast<std::uint64_t>(back) == bits;
  RC_ASSERT(same);
}

TEST(NumberText, ExactTextOfSpecialValues) {
  EXPECT_EQ(exact_text(-0.0), "-0");
  EXPECT_EQ(exact_text(0.4375), "0.4375");
  EXPECT_EQ(exact_text(kInfinity), "inf");
  EXPECT_EQ(exact_text(-kInfinity), "-inf");
  EXPECT_EQ(exact_text(-kNan), "nan");
}

TEST(NumberText, TwoDigits) {
  EXPECT_EQ(two_digits(1.0681e-4), "1.1e-04");
  EXPECT_EQ(two_digits(0.0123), "0.012");
  EXPECT_EQ(two_digits(0.5), "0.50");
  EXPECT_EQ(two_digits(3), "3.0");
  EXPECT_EQ(two_digits(9.96), "10");
  EXPECT_EQ(two_digits(24.4), "24");
  EXPECT_EQ(two_digits(1e5), "1.0e+05");
  EXPECT_EQ(two_digits(0), "0");
  EXPECT_EQ(two_digits(kNan), "nan");
  EXPECT_EQ(two_digits(kInfinity), "inf");
}

TEST(NumberText, ARatioBesideOneShowsItsSide) {
  EXPECT_EQ(ratio_text(1.0), "1.0");
  EXPECT_EQ(ratio_text(1.004), "1.004");
  EXPECT_EQ(ratio_text(0.996), "0.996");
  EXPECT_EQ(ratio_text(2048), "2048");
  EXPECT_EQ(ratio_text(0.431), "0.43");
  EXPECT_EQ(ratio_text(std::nextafter(1.0, 2.0)), "1.0001");
  EXPECT_EQ(ratio_text(std::nextafter(1.0, 0.0)), "0.9999");
}

TEST(NumberText, Thousands) {
  EXPECT_EQ(thousands(0), "0");
  EXPECT_EQ(thousands(999), "999");
  EXPECT_EQ(thousands(1234), "1,234");
  EXPECT_EQ(thousands(1234567), "1,234,567");
  EXPECT_EQ(thousands(-123456), "-123,456");
  EXPECT_EQ(thousands(std::numeric_limits<std::int64_t>::min()), "-9,223,372,036,854,775,808");
}

TEST(NumberText, CountsAndDurations) {
  EXPECT_EQ(count_of(1, "case"), "1 case");
  EXPECT_EQ(count_of(1500, "case"), "1,500 cases");
  EXPECT_EQ(duration_text(0.85), "850 ms");
  EXPECT_EQ(duration_text(12.34), "12.3 s");
  EXPECT_EQ(duration_text(250), "4 min 10 s");
  EXPECT_EQ(duration_text(7500), "2 h 5 min");
  EXPECT_EQ(duration_text(kNan), "nan s");
}

}  // namespace
}  // namespace plumb
