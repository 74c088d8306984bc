#include "impls/vulkan/red_zone.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "impls/vulkan/device.h"

namespace plumb::vulkan {
namespace {

std::vector<std::uint32_t> zoned_output() {
  std::vector<std::uint32_t> zoned(zoned_words(3));
  poison(zoned);
  for (std::uint32_t i = 0; i < 3; ++i) zoned[kZoneWords + i] = i;
  return zoned;
}

TEST(RedZone, GivesWhatLiesBetween) {
  static_assert(kZoneWords * 4 >= 256);
  EXPECT_EQ(without_zones(zoned_output()), (std::vector<std::uint32_t>{0, 1, 2}));
}

TEST(RedZone, EveryWordOfItIsGuarded) {
  for (std::size_t i = 0; i < zoned_words(3); ++i) {
    if (i >= kZoneWords && i < kZoneWords + 3) continue;
    std::vector<std::uint32_t> zoned = zoned_output();
    zoned[i] ^= 1U << 31;
    EXPECT_THROW((void)without_zones(zoned), std::runtime_error) << i;
  }
}

TEST(RedZone, SaysWhere) {
  std::vector<std::uint32_t> zoned = zoned_output();
  zoned[kZoneWords - 1] = 7;
  try {
    (void)without_zones(zoned);
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "wrote outside its output: word -1 of 3 is 0x00000007");
  }
}

TEST(RedZone, InputsEndInZerosThenPoison) {
  const std::byte bytes[] = {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}, std::byte{5}};
  std::vector<std::uint32_t> guarded(guarded_words(sizeof bytes), 0x12345678);
  copy_guarded(bytes, guarded);
  EXPECT_EQ(guarded[0], 0x04030201U);
  EXPECT_EQ(guarded[1], 5U);
  ASSERT_EQ(guarded.size(), 2 + kZoneWords);
  for (std::size_t i = 2; i < guarded.size(); ++i) EXPECT_EQ(guarded[i], Device::kPoison);
}

}  // namespace
}  // namespace plumb::vulkan
