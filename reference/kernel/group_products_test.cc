#include "reference/kernel/group_products.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace plumb {
namespace {

constexpr auto kOutputs = static_cast<std::size_t>(kOutputsTogether);

// Numbers of both signs whose products and sums are rounded.
std::vector<double> numbers(std::size_t count, int salt) {
  std::vector<double> values;
  for (std::size_t i = 0; i < count; ++i) {
    values.push_back(std::sin(static_cast<double>(i) * 1.7 + salt) / static_cast<double>(i % 7 + 1));
  }
  return values;
}

std::vector<double> absolute(std::vector<double> values) {
  for (double& value : values) value = std::abs(value);
  return values;
}

struct Sums {
  std::vector<double> sums, absolute, largest;
  friend bool operator==(const Sums&, const Sums&) = default;
};

// The loops as they are written down.
Sums by_definition(const std::vector<double>& x, std::size_t stride, std::size_t rows, std::size_t columns,
                   const std::vector<double>& w) {
  Sums s{std::vector<double>(rows * kOutputs), std::vector<double>(rows * kOutputs),
         std::vector<double>(rows * kOutputs)};
  for (std::size_t m = 0; m < rows; ++m) {
    for (std::size_t j = 0; j < kOutputs; ++j) {
      for (std::size_t k = 0; k < columns; ++k) {
        const double product = x[m * stride + k] * w[k * kOutputs + j];
        s.sums[m * kOutputs + j] += product;
        s.absolute[m * kOutputs + j] += std::abs(product);
        s.largest[m * kOutputs + j] = std::max(s.largest[m * kOutputs + j], std::abs(product));
      }
    }
  }
  return s;
}

TEST(GroupProducts, EveryWayHasTheBitsOfTheDefinition) {
  for (const std::size_t rows : {0U, 1U, 2U, 7U, 8U, 9U, 19U}) {
    for (const std::size_t columns : {1U, 3U, 64U}) {
      const std::size_t stride = columns + 5;
      const std::vector<double> x = numbers(rows * stride, 1), w = numbers(columns * kOutputs, 2), abs_x = absolute(x);
      const Sums expected = by_definition(x, stride, rows, columns, w);
      for (const auto way : ways_to_sum_products()) {
        Sums got = expected;
        for (auto* values : {&got.sums, &got.absolute, &got.largest}) std::ranges::fill(*values, -7);
        way({x.data(), abs_x.data(), static_cast<std::int64_t>(stride), static_cast<std::int64_t>(rows),
             static_cast<std::int64_t>(columns), w.data(), got.sums.data(), got.absolute.data(), got.largest.data()});
        EXPECT_EQ(got, expected) << rows << " x " << columns;
      }
    }
  }
}

TEST(GroupProducts, WhatNobodyWantsIsLeftAlone) {
  const std::vector<double> x = numbers(9 * 8, 1), w = numbers(8 * kOutputs, 2), abs_x = absolute(x);
  const Sums expected = by_definition(x, 8, 9, 8, w);
  for (const auto way : ways_to_sum_products()) {
    std::vector<double> sums(9 * kOutputs), sizes(9 * kOutputs);
    way({x.data(), abs_x.data(), 8, 9, 8, w.data(), sums.data(), nullptr, nullptr});
    EXPECT_EQ(sums, expected.sums);
    way({x.data(), abs_x.data(), 8, 9, 8, w.data(), sums.data(), sizes.data(), nullptr});
    EXPECT_EQ(sizes, expected.absolute);
  }
}

}  // namespace
}  // namespace plumb
