#include "runners/guarded.h"

#include <gtest/gtest.h>

namespace plumb {
namespace {

TEST(Guarded, IsAlignedAndHoldsItsContent) {
  const std::byte content[] = {std::byte{1}, std::byte{2}, std::byte{3}};
  Guarded block(content);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block.data()) % 64, 0U);
  EXPECT_EQ(block.bytes().size(), 3U);
  EXPECT_EQ(block.bytes()[2], std::byte{3});
  EXPECT_TRUE(block.guards_intact());
}

TEST(Guarded, SeesOneByteWrittenOnEitherSide) {
  for (const std::ptrdiff_t offset : {-1, -256, 5, 5 + 63}) {
    Guarded block(5, std::byte{0});
    EXPECT_TRUE(block.guards_intact());
    block.data()[offset] ^= std::byte{1};
    EXPECT_FALSE(block.guards_intact()) << offset;
  }
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
