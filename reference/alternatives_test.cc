#include "reference/alternatives.h"

#include <gtest/gtest.h>

#include <cmath>

namespace plumb {
namespace {

double nearest(double value, std::vector<double> steps, double got) {
  Expected expected;
  expected.value = {value};
  expected.steps = {std::move(steps)};
  Tensor tensor(DType::f32, {1});
  tensor.set(0, got);
  return nearest_alternatives(expected, tensor)[0];
}

TEST(Alternatives, AnElementWithoutStepsHasItsValue) {
  Expected expected;
  expected.value = {3};
  EXPECT_EQ(nearest_alternatives(expected, Tensor(DType::f32, {1})), (std::vector<double>{3}));
  EXPECT_EQ(nearest(3, {}, 7), 3);
}

TEST(Alternatives, EveryStepMayBeTakenOnce) {
  for (const double got : {10.0, 11.0, 8.0, 9.0}) EXPECT_EQ(nearest(10, {1, -2}, got), got);
  EXPECT_EQ(nearest(10, {1, -2}, 12), 11);
  EXPECT_EQ(nearest(10, {1, -2}, 0), 8);
}

TEST(Alternatives, NothingInBetweenIsRight) {
  EXPECT_EQ(nearest(10, {4}, 11.9), 10);
  EXPECT_EQ(nearest(10, {4}, 12.1), 14);
}

TEST(Alternatives, VeryManyStepsAreARange) {
  const std::vector<double> steps(13, 0.5);
  EXPECT_EQ(nearest(10, steps, 12.3), static_cast<double>(12.3F));
  EXPECT_EQ(nearest(10, steps, 17), 16.5);
  EXPECT_EQ(nearest(10, steps, 9), 10);
}

// Against all choices, one after the other.
TEST(Alternatives, TheNearestOfAllChoicesIsFound) {
  std::vector<double> steps;
  for (int count = 1; count <= 12; ++count) {
    steps.push_back((count % 3 == 0 ? -1.0 : 1.0) * (count * count % 23 + 1) / 4);
    for (const double got : {-30.0, -3.3, 0.2, 1.9, 2.1, 7.3, 7.45, 10.3, 12.0, 14.1, 80.0}) {
      double best = 10;
      for (unsigned choice = 0; choice < 1U << count; ++choice) {
        double sum = 10;
        for (int i = 0; i < count; ++i) sum += (choice >> i & 1U) != 0 ? steps[static_cast<std::size_t>(i)] : 0;
        if (std::abs(sum - got) < std::abs(best - got)) best = sum;
      }
      const double found = nearest(10, steps, got);
      EXPECT_EQ(std::abs(found - static_cast<float>(got)), std::abs(best - static_cast<float>(got)))
          << count << " " << got;
    }
  }
}

TEST(Alternatives, NanIsNoOutcome) { EXPECT_EQ(nearest(10, {4}, std::nan("")), 10); }

}  // namespace
}  // namespace plumb
