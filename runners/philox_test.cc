#include "runners/philox.h"

#include <gtest/gtest.h>

namespace plumb {
namespace {

using Block = std::array<std::uint32_t, 4>;

// Known answers published with Random123 1.09 (kat_vectors, philox4x32 10).
TEST(Philox, GivesThePublishedKnownAnswers) {
  EXPECT_EQ(philox4x32_10({0, 0, 0, 0}, {0, 0}), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32_10({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32_10({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, StaysInItsRange) {
  const Random random(7, "x");
  bool low = false, high = false;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const std::int64_t value = random.integer(i, -8, 7);
    ASSERT_GE(value, -8);
    ASSERT_LE(value, 7);
    low |= value == -8;
    high |= value == 7;
    const double real = random.uniform(i, -1.5, 4);
    ASSERT_GE(real, -1.5);
    ASSERT_LT(real, 2.5);
  }
  EXPECT_TRUE(low && high);
}

TEST(Random, DiffersBySeedStreamIndexAndDraw) {
  const std::uint32_t value = Random(7, "x").bits(3);
  EXPECT_NE(value, Random(8, "x").bits(3));
  EXPECT_NE(value, Random(7 + (1ULL << 32), "x").bits(3));
  EXPECT_NE(value, Random(7, "y").bits(3));
  EXPECT_NE(value, Random(7, "x").bits(4));
  EXPECT_NE(value, Random(7, "x").bits(3 + (1ULL << 32)));
  EXPECT_NE(value, Random(7, "x").bits(3, 1));
}

// Across the end of 32 bits, for every length of what a vector leaves over.
TEST(Random, ManyAtOnceAreTheSame) {
  const Random random((7ULL << 32) + 11, "weights");
  for (const std::uint64_t first : {0ULL, 5ULL, (1ULL << 32) - 40}) {
    for (std::size_t count = 0; count < 140; ++count) {
      std::vector<std::uint32_t> words(count);
      random.bits(first, words);
      std::vector<int> integers(count);
      random.integers(first, -7, 300, integers);
      for (std::size_t i = 0; i < count; ++i) {
        ASSERT_EQ(words[i], random.bits(first + i)) << first << " " << i << " of " << count;
        ASSERT_EQ(integers[i], random.integer(first + i, -7, 300)) << first << " " << i << " of " << count;
      }
    }
  }
}

}  // namespace
}  // namespace plumb
