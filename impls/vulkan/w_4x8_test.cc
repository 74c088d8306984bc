#include "impls/vulkan/w_4x8.h"

#include <gtest/gtest.h>

#include "reference/layout/layouts.h"

namespace plumb::vulkan {
namespace {

TEST(W4x8, EqualsTheDeclaredLayout) {
  for (const std::int64_t rows : {1, 2, 7, 8, 9, 16, 17, 40}) {
    for (const std::int64_t columns : {1, 2, 3, 4, 5, 7, 8, 9, 12, 31, 64, 65}) {
      const Extent extent{rows, columns};
      std::vector<int> codes;
      for (std::int64_t i = 0; i < rows * columns; ++i) codes.push_back(static_cast<int>((i * 7 + i / 16) % 16) - 8);
      const std::vector<std::uint8_t> q4gsw = pack(layout_named("et_vk.q4gsw"), extent, codes);
      EXPECT_EQ(repack_to_w_4x8(extent, q4gsw), pack(layout_named("et_vk.w_4x8_nc"), extent, codes))
          << rows << " x " << columns;
    }
  }
}

TEST(W4x8, PaddingOfTheSourceIsNotTakenOver) {
  const std::vector<std::uint8_t> q4gsw{0x21, 0x03, 0xff, 0xff};  // one row of three columns
  const std::vector<int> codes{1 - 8, 2 - 8, 3 - 8};
  EXPECT_EQ(repack_to_w_4x8({1, 3}, q4gsw), pack(layout_named("et_vk.w_4x8_nc"), {1, 3}, codes));
}

}  // namespace
}  // namespace plumb::vulkan
