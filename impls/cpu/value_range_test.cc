#include "impls/cpu/value_range.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

namespace plumb::cpu {
namespace {

// `count` times `value`, and `odd` in one place, a byte behind an aligned address.
struct Elements {
  Elements(DType dtype, std::int64_t count, double value) : dtype(dtype), count(count) {
    bytes.resize(1 + static_cast<std::size_t>(count * info(dtype).size_bytes));
    for (std::int64_t i = 0; i < count; ++i) set(i, value);
  }
  void set(std::int64_t i, double value) { store(dtype, value, bytes.data() + 1 + i * info(dtype).size_bytes); }
  [[nodiscard]] bool within(std::int64_t low, std::int64_t high, int threads = 1) const {
    return all_within(dtype, bytes.data() + 1, count, {low, high}, threads);
  }
  DType dtype;
  std::int64_t count;
  std::vector<std::byte> bytes;
};

TEST(ValueRange, FindsOneElementWhereverItIs) {
  for (const DType dtype : {DType::u8, DType::i8, DType::i32, DType::i64, DType::f32}) {
    const double below = dtype == DType::u8 ? 0 : -9, low = below + 1;
    for (const std::int64_t count : {1, 7, 64, 259, 1000}) {
      Elements elements(dtype, count, 7);
      for (std::int64_t i = 0; i < count; ++i) {
        elements.set(i, low);
        ASSERT_TRUE(elements.within(static_cast<std::int64_t>(low), 7)) << to_string(dtype) << " " << i;
        for (const double bad : {below, 8.0}) {
          elements.set(i, bad);
          ASSERT_FALSE(elements.within(static_cast<std::int64_t>(low), 7))
              << to_string(dtype) << " " << bad << " " << i;
        }
        elements.set(i, 7);
      }
    }
  }
}

TEST(ValueRange, LimitsMayBeBeyondTheType) {
  EXPECT_TRUE(Elements(DType::u8, 100, 255).within(-5, 300));
  EXPECT_TRUE(Elements(DType::i8, 100, -128).within(-1000, 1000));
  EXPECT_FALSE(Elements(DType::i8, 100, 127).within(200, 300));
  EXPECT_TRUE(Elements(DType::i32, 100, -2147483648.0).within(INT64_MIN, INT64_MAX));
}

TEST(ValueRange, NaNIsNotWithin) {
  Elements elements(DType::f32, 300, 1);
  EXPECT_TRUE(elements.within(0, 2));
  for (const std::int64_t place : {0, 150, 299}) {
    elements.set(place, std::nan(""));
    EXPECT_FALSE(elements.within(0, 2)) << place;
    elements.set(place, 1);
  }
}

TEST(ValueRange, ThreadsMissNothing) {
  Elements elements(DType::i8, (1 << 20) + 3, 3);
  for (const std::int64_t place : {std::int64_t{0}, elements.count / 2, elements.count - 1}) {
    elements.set(place, 100);
    for (const int threads : {1, 2, 3, 64}) EXPECT_FALSE(elements.within(-8, 7, threads)) << place;
    elements.set(place, 3);
  }
  for (const int threads : {1, 2, 3, 64}) EXPECT_TRUE(elements.within(-8, 7, threads));
}

TEST(ValueRange, NothingIsWithinAndOtherTypesAreNotLookedAt) {
  EXPECT_TRUE(all_within(DType::i32, nullptr, 0, {0, 1}, 4));
  EXPECT_FALSE(Elements(DType::f16, 3, 1).within(0, 2));
}

}  // namespace
}  // namespace plumb::cpu
