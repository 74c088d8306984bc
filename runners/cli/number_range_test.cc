#include "runners/cli/number_range.h"

#include <gtest/gtest.h>

namespace plumb::cli {
namespace {

TEST(NumberRange, TakesWhatLiesInIt) {
  for (const char* good : {"0", "0.5", "1e2", "100"}) EXPECT_EQ(number_in(0, 100)(std::string(good)), "") << good;
  EXPECT_EQ(number_above_0(100)(std::string("1e-300")), "");
}

TEST(NumberRange, RefusesTheRestAndNaN) {
  for (const char* bad : {"nan", "-nan", "inf", "-inf", "-1e-300", "100.1", "1e400", "many", ""}) {
    EXPECT_NE(number_in(0, 100)(std::string(bad)), "") << bad;
    EXPECT_NE(number_above_0(100)(std::string(bad)), "") << bad;
    EXPECT_EQ(number_from(0)(std::string(bad)).empty(), std::string(bad) == "100.1") << bad;
  }
  EXPECT_NE(number_above_0(100)(std::string("0")), "");
  EXPECT_EQ(number_in(0, 100)(std::string("nan")), "expected a number from 0 to 100, got 'nan'");
}

}  // namespace
}  // namespace plumb::cli
