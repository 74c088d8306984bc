#include "impls/cpu/rows_32.h"

#include <gtest/gtest.h>

#include "reference/layout/layouts.h"

namespace plumb::cpu {
namespace {

TEST(Rows32, EqualsTheDeclaredLayout) {
  for (const std::int64_t rows : {1, 2, 15, 16, 17, 31, 32, 33, 48, 64, 65}) {
    for (const std::int64_t columns : {1, 2, 3, 7, 8, 9, 16, 36, 65}) {
      const Extent extent{rows, columns};
      std::vector<int> codes;
      for (std::int64_t i = 0; i < rows * columns; ++i) codes.push_back(static_cast<int>((i * 7 + i / 16) % 16) - 8);
      const std::vector<std::uint8_t> q4gsw = pack(layout_named("et_vk.q4gsw"), extent, codes);
      EXPECT_EQ(repack_to_rows_32(extent, q4gsw), pack(layout_named("plumb.rows_32"), extent, codes))
          << rows << " x " << columns;
    }
  }
}

TEST(Rows32, PaddingOfTheSourceIsNotTakenOver) {
  const std::vector<std::uint8_t> q4gsw{0x21, 0x03, 0xff, 0xff};  // one row of three columns
  const std::vector<int> codes{1 - 8, 2 - 8, 3 - 8};
  EXPECT_EQ(repack_to_rows_32({1, 3}, q4gsw), pack(layout_named("plumb.rows_32"), {1, 3}, codes));
}

TEST(Rows32, BlocksAreThoseOfTheLayout) { EXPECT_EQ(layout_named("plumb.rows_32").row_multiple, kBlockRows); }

}  // namespace
}  // namespace plumb::cpu
