#include "runners/guarded.h"

#include <gtest/gtest.h>

#include <vector>

namespace plumb {
namespace {

constexpr std::uintptr_t kPage = 4096;

std::uintptr_t address_of(const std::byte* data) { return reinterpret_cast<std::uintptr_t>(data); }

TEST(Guarded, LiesWhereItIsPlacedAndHoldsItsContent) {
  const std::byte content[] = {std::byte{1}, std::byte{2}, std::byte{3}};
  Guarded first(content), last(content, kAtEnd), shifted(content, {false, 2}), from_end(content, {true, 2});
  EXPECT_EQ(address_of(first.data()) % kPage, 0U);
  EXPECT_EQ(address_of(last.data()) % kPage, kPage - 3);
  EXPECT_EQ(address_of(shifted.data()) % kPage, 2U);
  EXPECT_EQ(address_of(from_end.data()) % kPage, kPage - 5);
  for (Guarded* block : {&first, &last, &shifted, &from_end}) {
    EXPECT_EQ(block->bytes().size(), 3U);
    EXPECT_EQ(block->bytes()[2], std::byte{3});
    EXPECT_TRUE(block->guards_intact());
  }
}

TEST(Guarded, SeesOneByteWrittenBesideIt) {
  const std::pair<Placement, std::vector<std::ptrdiff_t>> writes[] = {
      {kAtStart, {5, 5 + 63, 4095}}, {kAtEnd, {-1, -256, -4091}}, {{false, 64}, {-1, -64, 5}}};
  for (const auto& [placement, offsets] : writes) {
    for (const std::ptrdiff_t offset : offsets) {
      Guarded block(5, std::byte{0}, placement);
      EXPECT_TRUE(block.guards_intact());
      block.data()[offset] ^= std::byte{1};
      EXPECT_FALSE(block.guards_intact()) << offset;
    }
  }
}

// Pages that were protected serve again for another block, of all sizes.
TEST(Guarded, UsesPagesAgain) {
  for (int round = 0; round < 3; ++round) {
    for (const std::size_t size : {1U, 4096U, 4097U, 70000U, 1000000U}) {
      Guarded block(size, std::byte{1});
      block.make_read_only();
      EXPECT_EQ(block.bytes()[size - 1], std::byte{1});
      block.expire();
      Guarded other(size, std::byte{2}, kAtEnd);
      other.data()[size - 1] = std::byte{3};
      EXPECT_TRUE(other.guards_intact());
    }
  }
}

TEST(GuardedDeathTest, TouchesBesideItAreSignals) {
  GTEST_FLAG_SET(death_test_style, "fast");
  const std::string died = ".*";
  Guarded first(5, std::byte{0}), last(5, std::byte{0}, kAtEnd);
  volatile std::byte* before = first.data() - 1;
  volatile std::byte* behind = last.data() + 5;
  EXPECT_DEATH((void)*before, died);
  EXPECT_DEATH(*before = std::byte{1}, died);
  EXPECT_DEATH((void)*behind, died);
  first.make_read_only();
  volatile std::byte* inside = first.data();
  EXPECT_TRUE(*inside == std::byte{0});
  EXPECT_DEATH(*inside = std::byte{1}, died);
  first.expire();
  EXPECT_DEATH((void)*inside, died);
}

TEST(Guarded, IsFoundByAddressWhileItLives) {
  Block found{};
  std::uintptr_t address = 0;
  {
    const Guarded block(100, std::byte{0}, kAtEnd, "scales");
    address = address_of(block.bytes().data());
    ASSERT_TRUE(find_block(address + 150, &found));
    EXPECT_STREQ(found.name, "scales");
    EXPECT_EQ(address_of(found.data), address);
    EXPECT_EQ(found.size_bytes, 100U);
    EXPECT_FALSE(find_block(address + (std::uintptr_t{1} << 20), &found));
  }
  EXPECT_FALSE(find_block(address, &found));
}

TEST(Guarded, MovesWithItsContent) {
  Guarded block(100, std::byte{7});
  const std::byte* data = block.data();
  const Guarded moved = std::move(block);
  EXPECT_EQ(moved.bytes().data(), data);
  EXPECT_TRUE(moved.guards_intact());
}

TEST(Guarded, MayBeEmpty) { EXPECT_TRUE(Guarded(0, std::byte{0}).guards_intact()); }

}  // namespace
}  // namespace plumb
