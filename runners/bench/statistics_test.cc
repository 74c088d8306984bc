#include "runners/bench/statistics.h"

#include <gtest/gtest.h>

namespace plumb::bench {
namespace {

TEST(Statistics, QuartilesLieBetweenSamples) {
  const Spread spread = spread_of({5, 1, 4, 2, 3});
  EXPECT_EQ(spread.median, 3);
  EXPECT_EQ(spread.low, 2);
  EXPECT_EQ(spread.high, 4);
  const Spread even = spread_of({1, 2, 3, 4});
  EXPECT_EQ(even.median, 2.5);
  EXPECT_EQ(even.low, 1.75);
  EXPECT_EQ(even.high, 3.25);
}

TEST(Statistics, OneSampleHasNoSpread) {
  const Spread spread = spread_of({7});
  EXPECT_EQ(spread.median, 7);
  EXPECT_EQ(spread.low, 7);
  EXPECT_EQ(spread.high, 7);
}

TEST(Statistics, NothingIsZero) { EXPECT_EQ(spread_of({}).median, 0); }

TEST(Statistics, AnOutlierDoesNotMoveTheMedian) { EXPECT_EQ(spread_of({1, 1, 1, 1, 1000}).median, 1); }

TEST(Statistics, RatiosPairSamplesOfOneRound) {
  EXPECT_EQ(ratios({2, 9}, {1, 3}), (std::vector<double>{2, 3}));
  EXPECT_DEATH((void)ratios({1}, {1, 2}), "");
}

}  // namespace
}  // namespace plumb::bench
