#include "reference/kernel/grouped_linear.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "reference/bound.h"
#include "reference/kernel/first_outputs.h"

namespace plumb {
namespace {

using Matrix = GroupedLinear::Matrix;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

Matrix numbers(std::int64_t rows, std::int64_t columns, double salt) {
  Matrix matrix(rows, columns);
  for (Eigen::Index i = 0; i < matrix.size(); ++i) matrix.data()[i] = std::sin(static_cast<double>(i) * 1.3 + salt);
  return matrix;
}

// 5 rows of activation, 19 outputs, 24 columns in groups of 6.
GroupedLinear layer(bool adds) {
  return {.x = numbers(5, 24, 1),
          .code = Matrix((numbers(19, 24, 2) * 8).array().round()),
          .zero = Matrix((numbers(19, 4, 3) * 3).array().round()),
          .scale = numbers(19, 4, 4),
          .added = adds ? numbers(19, 4, 5) : Matrix(),
          .bias = numbers(1, 19, 6).row(0),
          .group = 6};
}

// The same layer, scaled weight by weight.
GroupedLinear weight_by_weight(GroupedLinear linear) {
  linear.scale = for_every_column(linear.scale, linear.code.cols());
  linear.added = for_every_column(linear.added, linear.code.cols());
  return linear;
}

void expect_close(const std::vector<double>& got, const std::vector<double>& expected,
                  const std::vector<double>& size) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    EXPECT_LE(std::abs(got[i] - expected[i]), 2 * gamma(24 + 3, 0x1p-53) * size[i]) << i;
  }
}

// Two orders of the same sums: each is as near to the exact one as bounds take the oracle to be.
TEST(GroupedLinear, ScaledSumsAreSumsOfScaledWeights) {
  for (const bool adds : {false, true}) {
    const Expected sums = evaluate(layer(adds))[0], weights = evaluate(weight_by_weight(layer(adds)))[0];
    EXPECT_NE(sums.value, weights.value) << "one way was taken twice";
    expect_close(sums.value, weights.value, weights.magnitude);
    expect_close(sums.magnitude, weights.magnitude, weights.magnitude);
    expect_close(sums.peak, weights.peak, weights.peak);
    expect_close(sums.underflow, weights.underflow, weights.underflow);
    EXPECT_EQ(sums.largest_activation, weights.largest_activation);
    EXPECT_EQ(sums.largest_weight, weights.largest_weight);
  }
}

// By hand, in the order of the definition.
TEST(GroupedLinear, IsWhatItsFormulaSays) {
  const GroupedLinear linear = layer(true);
  const Expected expected = evaluate(linear)[0];
  const Matrix code = linear.code.all();
  for (Eigen::Index m = 0; m < 5; ++m) {
    for (Eigen::Index n = 0; n < 19; ++n) {
      double sum = linear.bias(n), magnitude = std::abs(sum);
      for (Eigen::Index k = 0; k < 24; ++k) {
        const double product = (code(n, k) - linear.zero(n, k / 6)) * linear.scale(n, k / 6);
        sum += linear.x(m, k) * (product + linear.added(n, k / 6));
        magnitude += std::abs(linear.x(m, k)) * (std::abs(product) + std::abs(linear.added(n, k / 6)));
      }
      const auto at = static_cast<std::size_t>(m * 19 + n);
      EXPECT_NEAR(expected.value[at], sum, 1e-13);
      EXPECT_NEAR(expected.magnitude[at], magnitude, 1e-13);
    }
  }
}

// Weights (c s + a) of one sign keep an infinity; its sums with c s and with a would be of two.
TEST(GroupedLinear, AnInfiniteActivationStaysAsItIs) {
  GroupedLinear linear = layer(true);
  linear.x(2, 7) = kInfinity;
  const Expected got = evaluate(linear)[0], expected = evaluate(weight_by_weight(linear))[0];
  for (std::size_t n = 2 * 19; n < std::size_t{3} * 19; ++n) {
    EXPECT_EQ(std::abs(got.value[n]), kInfinity) << n;
    EXPECT_EQ(got.value[n], expected.value[n]);
  }
}

// inf (x1 c1 + x2 c2) is infinite where inf c1 x1 + inf c2 x2 is NaN.
TEST(GroupedLinear, AnInfiniteScaleIsAppliedToWeights) {
  GroupedLinear linear = layer(false);
  linear.scale(3, 1) = kInfinity;
  const Expected got = evaluate(linear)[0], expected = evaluate(weight_by_weight(linear))[0];
  for (std::size_t i = 0; i < got.value.size(); ++i) {
    EXPECT_EQ(std::isnan(got.value[i]), std::isnan(expected.value[i])) << i;
    EXPECT_EQ(std::isinf(got.largest_weight[i]), i % 19 == 3);
  }
}

TEST(GroupedLinear, OnlyTheFirstOutputsNeedBeEvaluated) {
  const Expected all = evaluate(layer(false))[0];
  const FirstOutputs first(11);
  const Expected some = evaluate(layer(false))[0];
  ASSERT_EQ(some.value.size(), all.value.size());
  for (std::size_t i = 0; i < all.value.size(); ++i) {
    EXPECT_TRUE(i % 19 < 11 ? some.value[i] == all.value[i] : std::isnan(some.value[i])) << i;
  }
}

}  // namespace
}  // namespace plumb
