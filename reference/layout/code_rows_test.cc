#include "reference/layout/code_rows.h"

#include <gtest/gtest.h>

#include <vector>

#include "reference/error.h"
#include "reference/layout/layouts.h"

namespace plumb {
namespace {

// The code of one element, read bit by bit where the declaration says.
int code_at(const Layout& layout, Extent extent, const std::vector<std::uint8_t>& bytes, std::int64_t row,
            std::int64_t column) {
  unsigned stored = 0;
  for (int bit = 0; bit < layout.bits; ++bit) {
    const BitPosition at = layout.position(row, column, bit, layout.padded(extent));
    stored |= (bytes[static_cast<std::size_t>(at.byte)] >> at.bit & 1U) << bit;
  }
  return layout.decode(stored);
}

std::vector<int> codes_for(const Layout& layout, Extent extent) {
  std::vector<int> codes;
  const int count = layout.max_code() - layout.min_code() + 1;
  for (std::int64_t i = 0; i < extent.rows * extent.columns; ++i) {
    codes.push_back(layout.min_code() + static_cast<int>((i * i + 3 * i) % count));
  }
  return codes;
}

bool fills_bytes(const Layout& layout, Extent extent) {
  const Extent padded = layout.padded(extent);
  return padded.rows * padded.columns * layout.bits % 8 == 0;
}

TEST(CodeRows, AreWhereEveryLayoutSays) {
  for (const Layout& layout : all_layouts()) {
    for (const Extent extent : {Extent{4, 32}, Extent{5, 33}, Extent{8, 7}, Extent{3, 48}}) {
      if (!fills_bytes(layout, extent)) continue;
      const std::vector<int> codes = codes_for(layout, extent);
      const auto columns = static_cast<std::size_t>(extent.columns);
      std::vector<std::uint8_t> bytes(static_cast<std::size_t>(layout.size_bytes(extent)));
      write_rows(layout, extent, 0, std::span(codes).first(2 * columns), bytes);
      write_rows(layout, extent, 2, std::span(codes).subspan(2 * columns), bytes);
      EXPECT_EQ(bytes, pack(layout, extent, codes)) << layout.name;
      std::vector<int> rows(2 * columns);
      read_rows(layout, extent, bytes, 1, rows);
      for (std::size_t i = 0; i < codes.size(); ++i) {
        const auto row = static_cast<std::int64_t>(i / columns), column = static_cast<std::int64_t>(i % columns);
        ASSERT_EQ(code_at(layout, extent, bytes, row, column), codes[i]) << layout.name << " " << row << " " << column;
        if (row == 1 || row == 2) {
          ASSERT_EQ(rows[i - columns], codes[i]) << layout.name << " " << row << " " << column;
        }
      }
      for (std::int64_t column = extent.columns; column < layout.padded(extent).columns; ++column) {
        EXPECT_EQ(code_at(layout, extent, bytes, extent.rows - 1, column), layout.padding_code) << layout.name;
      }
    }
  }
}

// Three rows of three nibbles: rows begin inside bytes, and the last byte is half full.
TEST(CodeRows, NeedNotBeginOrEndWithAByte) {
  const std::vector<std::uint8_t> bytes = {0x21, 0x43, 0x65, 0x87, 0xf9};
  std::vector<int> codes(6);
  read_rows(layout_named("openvino.u4"), {3, 3}, bytes, 1, codes);
  EXPECT_EQ(codes, (std::vector{4, 5, 6, 7, 8, 9}));
}

TEST(CodeRows, RefuseACodeOutsideTheRange) {
  const Layout& layout = layout_named("openvino.i4");
  std::vector<std::uint8_t> bytes(4);
  try {
    write_rows(layout, {2, 4}, 1, std::vector{0, 8, 0, 0}, bytes);
    FAIL() << "was written";
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()), "layout openvino.i4: expected codes in [-8, 7], got 8 at [1, 1]");
  }
}

}  // namespace
}  // namespace plumb
