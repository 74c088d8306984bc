#include "impls/cpu/quad_weight.h"

#include <gtest/gtest.h>

#include <limits>

namespace plumb::cpu {
namespace {

WeightSource source_of(std::int64_t rows, std::int64_t columns, std::int64_t group, int bits) {
  return {.rows = rows,
          .columns = columns,
          .group = group,
          .bits = bits,
          .base = -8,
          .code = [bits](std::int64_t n,
                         std::int64_t k) { return static_cast<unsigned>(n * 7 + k * 5 + k / 16) % (1U << bits); },
          .scale = [](std::int64_t n, std::int64_t g) { return static_cast<float>(n + 1) / static_cast<float>(g + 1); },
          .zero = [](std::int64_t n, std::int64_t g) { return static_cast<float>((n + g) % 5); }};
}

// The code and what else belongs to element [n, k], read as the declaration says.
unsigned code_at(const QuadWeight& quad, std::int64_t n, std::int64_t k) {
  const std::int64_t s = k / quad.segment, in = k % quad.segment, row = n % kQuadBlockRows;
  const std::uint8_t* at =
      quad.codes.data() + ((n / kQuadBlockRows * quad.segments + s) * quad.quads + in / 4) * quad.quad_bytes();
  if (quad.wide) return at[row / 16 * 64 + row % 16 * 4 + in % 4];
  return at[row % 16 * 4 + in % 4] >> (row / 16 * 4) & 15U;
}

void expect_same(const QuadWeight& quad, const WeightSource& source) {
  for (std::int64_t n = 0; n < source.rows; ++n) {
    for (std::int64_t k = 0; k < source.columns; ++k) {
      ASSERT_EQ(code_at(quad, n, k), source.code(n, k)) << n << " " << k;
      const std::int64_t g = k / source.group;
      const auto at =
          static_cast<std::size_t>((n / kQuadBlockRows * quad.groups() + g) * kQuadBlockRows + n % kQuadBlockRows);
      ASSERT_EQ(quad.scale[at], source.scale(n, g));
      const int zero = source.zero ? static_cast<int>(source.zero(n, g)) : 0;
      ASSERT_EQ(quad.offset.empty() ? quad.common_offset : quad.offset[at], zero - source.base);
    }
  }
}

TEST(QuadWeight, HoldsTheWeightWhicheverWayItIsMade) {
  for (const int bits : {2, 4, 8}) {
    for (const std::int64_t rows : {1, 31, 40}) {
      const WeightSource source = source_of(rows, 192, 48, bits);
      expect_same(*quad_weight(source, 0), source);
      expect_same(*quad_weight(GroupedWeight(source)), source);
      expect_same(*quad_weight(source, 32), source);
    }
  }
  const WeightSource odd = source_of(3, 35, 7, 4);
  expect_same(*quad_weight(odd, 0), odd);
}

TEST(QuadWeight, SegmentsShareAScaleAndAreQuantisedTogether) {
  const auto quad = quad_weight(source_of(8, 192, 48, 4), 32);
  EXPECT_EQ(quad->segment, 16);
  EXPECT_EQ(quad->segments, 12);
  EXPECT_EQ(quad->segments_per_group, 3);
}

TEST(QuadWeight, OffsetsThatAreAllTheSameAreOne) {
  WeightSource source = source_of(8, 64, 32, 4);
  EXPECT_FALSE(quad_weight(source, 0)->offset.empty());
  source.zero = nullptr;
  const auto quad = quad_weight(source, 0);
  EXPECT_TRUE(quad->offset.empty());
  EXPECT_EQ(quad->common_offset, 8);
}

TEST(QuadWeight, IsNotMadeOfWhatItCannotHold) {
  const auto refused = [](const auto& change) {
    WeightSource source = source_of(4, 64, 32, 4);
    change(source);
    return quad_weight(source, 0) == nullptr && quad_weight(GroupedWeight(source)) == nullptr;
  };
  const auto constant = [](float value) { return [value](std::int64_t, std::int64_t) { return value; }; };
  EXPECT_FALSE(refused([](WeightSource&) {}));
  EXPECT_TRUE(refused([](WeightSource& source) { source.adds = true; }));
  for (const float zero : {0.5F, 1e6F, 1e30F, -1e30F, std::numeric_limits<float>::quiet_NaN()}) {
    EXPECT_TRUE(refused([&](WeightSource& source) { source.zero = constant(zero); })) << zero;
  }
  EXPECT_TRUE(refused([&](WeightSource& source) { source.scale = constant(std::numeric_limits<float>::infinity()); }));
  EXPECT_EQ(quad_weight(source_of(1, 32768, 32768, 2), 0), nullptr);
  EXPECT_EQ(quad_weight(GroupedWeight(source_of(2, 24, 12, 4))), nullptr);
}

}  // namespace
}  // namespace plumb::cpu
