#include "impls/cpu/digit_rows.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <random>

namespace plumb::cpu {
namespace {

constexpr float kTolerance = 0x1p-24F;

void for_each_target(const std::function<void(const DigitFunctions&)>& body) {
  for (const Target& target : compiled_targets()) {
    if (!target.unavailable.empty()) continue;
    SCOPED_TRACE(target.name);
    body(digit_functions(target));
  }
}

// Digit p of element k of row m, where the declaration says that it is.
int digit(const DigitRows& rows, std::int64_t m, std::int64_t k, std::int64_t p) {
  const std::int64_t in = k % rows.segment;
  return rows.digits[static_cast<std::size_t>(rows.place(m, k / rows.segment, p) +
                                              in / rows.piece_bytes() * rows.interleave * rows.piece_bytes() +
                                              in % rows.piece_bytes())];
}

double value(const DigitRows& rows, std::int64_t m, std::int64_t k) {
  const std::size_t at = rows.at(m, k / rows.segment);
  double upper = 0, lower = 0;
  for (int p = 0; p < rows.used[at]; ++p) {
    (p < kUpperDigits ? upper : lower) += std::ldexp(digit(rows, m, k, p), 8 * (p % static_cast<int>(kUpperDigits)));
  }
  return rows.high[at] * (upper + rows.low[at] * lower);
}

void expect_close(const DigitRows& rows, std::int64_t m, const std::vector<float>& x, double tolerance) {
  ASSERT_TRUE(rows.is_good[static_cast<std::size_t>(m)]);
  for (std::int64_t k = 0; k < std::ssize(x); ++k) {
    const double want = x[static_cast<std::size_t>(k)];
    ASSERT_LE(std::abs(value(rows, m, k) - want), tolerance * std::abs(want)) << k;
  }
  for (std::int64_t s = 0; s < rows.segments; ++s) {
    for (std::int64_t p = 0; p < rows.used[rows.at(m, s)]; ++p) {
      int sum = 0;
      for (std::int64_t k = s * rows.segment; k < (s + 1) * rows.segment; ++k) sum += digit(rows, m, k, p);
      ASSERT_EQ(rows.sums[rows.at(m, s) * static_cast<std::size_t>(rows.planes) + static_cast<std::size_t>(p)], sum);
    }
  }
}

// Uniform numbers times powers of two that are up to `reach` apart.
std::vector<float> numbers(std::int64_t count, unsigned seed, int reach) {
  std::mt19937 random(seed);
  std::vector<float> x;
  for (std::int64_t k = 0; k < count; ++k) {
    const auto uniform = std::ldexp(static_cast<float>(random() >> 8U), -23) - 1;
    x.push_back(std::ldexp(uniform, -static_cast<int>(random() % static_cast<unsigned>(reach + 1))));
  }
  return x;
}

TEST(DigitRows, EveryNumberIsAsCloseAsAsked) {
  for_each_target([](const DigitFunctions& functions) {
    for (const std::int64_t interleave : {1, 16}) {
      for (const std::int64_t segment : {5, 16, 36, 128}) {
        DigitRows rows(18, 3, segment, kMostDigits, interleave);
        for (std::int64_t m = 0; m < rows.rows; ++m) {
          const auto x = numbers(3 * segment, static_cast<unsigned>(m), m < 9 ? 0 : 8);
          functions.split(x.data(), m, kTolerance, rows);
          expect_close(rows, m, x, kTolerance);
        }
      }
    }
  });
}

TEST(DigitRows, TheExtremesOfEveryDigitAreRight) {
  for_each_target([](const DigitFunctions& functions) {
    // All boundaries of balanced digits, the largest mantissa, ties.
    const std::vector<float> x = {8355711, -8355711, 8388607, -8388607, 8388608, 8421504, 127.5F,   128,
                                  -128,    32639,    -32640,  0x1p-3F,  0.5F,    1.5F,    -8355712, 0};
    DigitRows rows(1, 1, 16, kMostDigits, 1);
    functions.split(x.data(), 0, kTolerance, rows);
    expect_close(rows, 0, x, kTolerance);
  });
}

TEST(DigitRows, ALooserToleranceTakesFewerDigits) {
  for_each_target([](const DigitFunctions& functions) {
    const auto x = numbers(64, 3, 4);
    DigitRows strict(1, 1, 64, kMostDigits, 1), loose = strict;
    functions.split(x.data(), 0, kTolerance, strict);
    functions.split(x.data(), 0, 256 * kTolerance, loose);
    EXPECT_LT(loose.used[0], strict.used[0]);
    expect_close(loose, 0, x, 256 * kTolerance);
  });
}

TEST(DigitRows, WholeNumbersTakeThreeDigits) {
  for_each_target([](const DigitFunctions& functions) {
    std::vector<float> x(40);
    std::iota(x.begin(), x.end(), -20.0F);
    DigitRows rows(1, 1, 40, kMostDigits, 1);
    functions.split(x.data(), 0, kTolerance, rows);
    EXPECT_EQ(rows.used[0], kUpperDigits);
    expect_close(rows, 0, x, 0);
  });
}

TEST(DigitRows, RowsThatCannotBeHeldAreNotGood) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for_each_target([](const DigitFunctions& functions) {
    const auto is_good = [&](float odd, float other = 1) {
      std::vector<float> x(40, 1.0F);
      x[37] = odd;
      x[30] = other;
      DigitRows rows(1, 2, 20, kMostDigits, 1);
      functions.split(x.data(), 0, kTolerance, rows);
      return rows.is_good[0] != 0;
    };
    EXPECT_TRUE(is_good(0));
    EXPECT_TRUE(is_good(0x1.234568p-15F));
    for (const float odd : {std::nanf(""), kInfinity, -kInfinity, 0x1.8p60F, 0x1.234568p-40F, 0x1p-149F}) {
      EXPECT_FALSE(is_good(odd)) << odd;
    }
    // Beside a large number the multiple of a small one is zero, which is no digit off.
    EXPECT_TRUE(is_good(0x1p40F));
    EXPECT_FALSE(is_good(0x1p40F, 0x1p-140F));
    EXPECT_FALSE(is_good(0x1p60F, -0x1p-149F));
  });
}

TEST(DigitRows, QuantisesColumnsTogether) {
  for_each_target([](const DigitFunctions& functions) {
    auto x = numbers(96, 5, 2);
    std::fill(x.begin() + 32, x.begin() + 64, 0.0F);
    DigitRows rows(1, 6, 16, 1, 1);
    functions.quantise(x.data(), 0, 32, rows);
    ASSERT_TRUE(rows.is_good[0]);
    for (std::int64_t k = 0; k < 96; ++k) {
      float largest = 0;
      for (std::int64_t i = k / 32 * 32; i < k / 32 * 32 + 32; ++i)
        largest = std::max(largest, std::abs(x[static_cast<std::size_t>(i)]));
      const float scale = largest / 127;
      EXPECT_EQ(rows.high[rows.at(0, k / 16)], scale);
      const float want = scale == 0 ? 0 : std::nearbyint(x[static_cast<std::size_t>(k)] / scale);
      EXPECT_EQ(static_cast<float>(digit(rows, 0, k, 0)), want) << k;
    }
    x[50] = std::nanf("");
    functions.quantise(x.data(), 0, 32, rows);
    EXPECT_FALSE(rows.is_good[0]);
  });
}

// A scale below the normal range is too coarse: 190 units by a scale of one would be a code that no byte holds.
TEST(DigitRows, SmallGroupsAreNotQuantised) {
  for_each_target([](const DigitFunctions& functions) {
    const auto is_good = [&](float largest) {
      std::vector<float> x(64);
      x[40] = -largest;
      DigitRows rows(1, 4, 16, 1, 1);
      functions.quantise(x.data(), 0, 32, rows);
      return rows.is_good[0] != 0;
    };
    EXPECT_TRUE(is_good(0));
    EXPECT_TRUE(is_good(0x1p-60F));
    EXPECT_TRUE(is_good(std::numeric_limits<float>::max()));
    for (const float largest : {190 * 0x1p-149F, 0x1p-130F, 0x1.8p-61F}) EXPECT_FALSE(is_good(largest)) << largest;
  });
}

}  // namespace
}  // namespace plumb::cpu
