#include "impls/cpu/grouped_weight.h"

#include <gtest/gtest.h>

#include <bit>

#include "reference/layout/layouts.h"

namespace plumb::cpu {
namespace {

unsigned code_at(std::int64_t n, std::int64_t k) { return static_cast<unsigned>(n * 7 + k * 5 + k / 16) % 16; }

WeightSource source_of(std::int64_t rows, std::int64_t columns, std::int64_t group) {
  return {
      .rows = rows,
      .columns = columns,
      .group = group,
      .bits = 4,
      .base = -8,
      .code = code_at,
      .scale = [](std::int64_t n, std::int64_t g) { return static_cast<float>(n + 1) / static_cast<float>(g + 1); }};
}

// Where the layout's own padding begins, the kernels' repeats what comes before.
TEST(GroupedWeight, IsInTheDeclaredLayout) {
  const Extent extent{16, 256};
  std::vector<int> codes;
  for (std::int64_t i = 0; i < extent.rows * extent.columns; ++i) {
    codes.push_back(static_cast<int>(code_at(i / extent.columns, i % extent.columns)) - 8);
  }
  const GroupedWeight weight(source_of(extent.rows, extent.columns, 32));
  const std::vector<std::uint8_t> expected = pack(layout_named("plumb.rows_8"), extent, codes);
  ASSERT_EQ(weight.words.size() * 4, expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(weight.words[i / 4] >> (i % 4 * 8) & 255U, expected[i]);
}

TEST(GroupedWeight, PaddingRepeatsTheLastColumnAndRow) {
  const GroupedWeight weight(source_of(3, 20, 20));
  ASSERT_EQ(weight.words.size(), 8U * 16);
  for (std::int64_t r = 0; r < 8; ++r) {
    for (std::int64_t k = 0; k < 128; ++k) {
      const std::uint32_t word = weight.words[static_cast<std::size_t>(r * 16 + k % 16)];
      EXPECT_EQ(word >> (k / 16 * 4) & 15U, code_at(std::min<std::int64_t>(r, 2), std::min<std::int64_t>(k, 19)));
    }
  }
}

TEST(GroupedWeight, GroupsThatFitNoVectorAreStoredDequantised) {
  const GroupedWeight weight(source_of(2, 24, 12));
  EXPECT_EQ(weight.bits, 32);
  ASSERT_EQ(weight.words.size(), 2U * 8 * 16);
  for (std::int64_t n = 0; n < 2; ++n) {
    for (std::int64_t k = 0; k < 24; ++k) {
      const auto at = static_cast<std::size_t>((k / 16 * 8 + n) * 16 + k % 16);
      const float expected =
          (static_cast<float>(code_at(n, k)) - 8) * static_cast<float>(n + 1) / static_cast<float>(k / 12 + 1);
      EXPECT_EQ(std::bit_cast<float>(weight.words[at]), expected) << n << " " << k;
    }
  }
}

}  // namespace
}  // namespace plumb::cpu
