#include "impls/vulkan/grouped_weight.h"

#include <gtest/gtest.h>

#include "reference/layout/layouts.h"

namespace plumb::vulkan {
namespace {

WeightSource source_of(std::int64_t rows, std::int64_t columns, std::int64_t group, int bits) {
  return {.rows = rows,
          .columns = columns,
          .group = group,
          .bits = bits,
          .base = -8,
          .code = [=](std::int64_t n, std::int64_t k) { return static_cast<unsigned>(n * 7 + k * 5) % (1U << bits); },
          .scale = [](std::int64_t n, std::int64_t g) { return static_cast<float>(10 * n + g); }};
}

TEST(VulkanGroupedWeight, OfFourBitsIsInTheDeclaredLayout) {
  for (const std::int64_t rows : {1, 2, 7, 8, 9, 16, 17, 40}) {
    for (const std::int64_t columns : {1, 2, 3, 4, 5, 7, 8, 9, 12, 31, 64, 65}) {
      const WeightSource source = source_of(rows, columns, columns, 4);
      std::vector<int> codes;
      for (std::int64_t i = 0; i < rows * columns; ++i) {
        codes.push_back(static_cast<int>(source.code(i / columns, i % columns)) - 8);
      }
      const std::vector<std::uint8_t> expected = pack(layout_named("et_vk.w_4x8_nc"), {rows, columns}, codes);
      const std::vector<std::uint32_t> words = block_words(source);
      ASSERT_EQ(words.size() * 4, expected.size());
      for (std::size_t i = 0; i < expected.size(); ++i) ASSERT_EQ(words[i / 4] >> (i % 4 * 8) & 255U, expected[i]);
    }
  }
}

TEST(VulkanGroupedWeight, OfTwoAndEightBitsKeepsColumnsInBytes) {
  const WeightSource two = source_of(9, 9, 9, 2), eight = source_of(9, 9, 9, 8);
  // Row 6, column 2: block 0, byte 2; the second word of four rows each, third of them.
  EXPECT_EQ(block_words(two)[1] >> (16 + 4) & 3U, two.code(6, 2));
  // Row 8, column 5: of the second block of columns the second block of rows.
  EXPECT_EQ(block_words(two)[(1 * 2 + 1) * 2] >> 8 & 3U, two.code(8, 5));
  EXPECT_EQ(block_words(eight)[6] >> 16 & 255U, eight.code(6, 2));
  EXPECT_EQ(block_words(eight)[(1 * 2 + 1) * 8] >> 8 & 255U, eight.code(8, 5));
}

TEST(VulkanGroupedWeight, GridRowsArePaddedWithZeros) {
  WeightSource source = source_of(3, 12, 4, 4);  // four blocks of columns: one group more
  source.zero = [](std::int64_t n, std::int64_t g) { return static_cast<float>(100 * n + g); };
  const GridRows rows = grid_rows(source, {7, 8, 9});
  ASSERT_EQ(rows.values.size(), 9U * 8);
  EXPECT_EQ(rows.zero_row, 4);
  EXPECT_EQ(rows.bias_row, 8);
  for (std::size_t n = 0; n < 8; ++n) {
    for (std::size_t g = 0; g < 4; ++g) {
      const bool there = n < 3 && g < 3;
      EXPECT_EQ(rows.values[g * 8 + n], there ? static_cast<float>(10 * n + g) : 0);
      EXPECT_EQ(rows.values[(4 + g) * 8 + n], there ? static_cast<float>(100 * n + g) : 0);
    }
    EXPECT_EQ(rows.values[64 + n], n < 3 ? static_cast<float>(7 + n) : 0);
  }
}

}  // namespace
}  // namespace plumb::vulkan
