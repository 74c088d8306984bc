#include "reference/layout/layout.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <numeric>
#include <set>

#include "reference/testing/error_of.h"

namespace plumb {
namespace {

using Bytes = std::vector<std::uint8_t>;

// Rows of `bits`-bit codes, first code in the lowest bits, columns padded to `multiple` with code `padding`.
Layout plain(int bits, Encoding encoding, std::int64_t multiple = 1, int padding = 0) {
  return {"test.plain",
          "for tests",
          "layout_test.cc",
          bits,
          encoding,
          1,
          multiple,
          padding,
          in_one_piece([bits](std::int64_t row, std::int64_t column, Extent padded) {
            const std::int64_t first = (row * padded.columns + column) * bits;
            return BitPosition{first / 8, static_cast<int>(first % 8)};
          })};
}

TEST(Layout, RangesOfEncodings) {
  EXPECT_EQ(plain(4, Encoding::unsigned_binary).min_code(), 0);
  EXPECT_EQ(plain(4, Encoding::unsigned_binary).max_code(), 15);
  for (const Encoding encoding : {Encoding::twos_complement, Encoding::offset_binary}) {
    EXPECT_EQ(plain(4, encoding).min_code(), -8);
    EXPECT_EQ(plain(4, encoding).max_code(), 7);
    EXPECT_EQ(plain(2, encoding).min_code(), -2);
    EXPECT_EQ(plain(8, encoding).max_code(), 127);
  }
}

TEST(Layout, EncodingsOfTheSameCodes) {
  const std::vector<int> codes = {-8, -1, 0, 7};
  EXPECT_EQ(pack(plain(4, Encoding::offset_binary), {1, 4}, codes), (Bytes{0x70, 0xf8}));
  EXPECT_EQ(pack(plain(4, Encoding::twos_complement), {1, 4}, codes), (Bytes{0xf8, 0x70}));
  EXPECT_EQ(pack(plain(8, Encoding::twos_complement), {1, 4}, codes), (Bytes{0xf8, 0xff, 0x00, 0x07}));
  EXPECT_EQ(pack(plain(2, Encoding::unsigned_binary), {1, 4}, std::vector{0, 1, 2, 3}), (Bytes{0xe4}));
  EXPECT_EQ(pack(plain(1, Encoding::unsigned_binary), {1, 8}, std::vector{1, 0, 0, 0, 0, 1, 0, 0}), (Bytes{0x21}));
}

TEST(Layout, PaddingHoldsThePaddingCode) {
  const Layout layout = plain(4, Encoding::offset_binary, 4, -3);
  EXPECT_EQ(layout.size_bytes({2, 3}), 4);
  EXPECT_EQ(layout.padded({2, 3}), (Extent{2, 4}));
  EXPECT_EQ(pack(layout, {2, 3}, std::vector{1, 2, 3, 4, 5, 6}), (Bytes{0xa9, 0x5b, 0xdc, 0x5e}));
}

TEST(Layout, UnpackIgnoresWhatPaddingHolds) {
  const Layout layout = plain(4, Encoding::offset_binary, 4);
  EXPECT_EQ(unpack(layout, {2, 3}, Bytes{0xa9, 0x5b, 0xdc, 0x0e}), (std::vector{1, 2, 3, 4, 5, 6}));
}

TEST(Layout, CodesOutOfRangeAreRefused) {
  const Layout layout = plain(4, Encoding::offset_binary);
  EXPECT_EQ(error_of([&] {
              (void)pack(layout, {2, 2}, std::vector{0, 0, 0, 8});
            }),
            "layout test.plain: expected codes in [-8, 7], got 8 at [1, 1]");
  EXPECT_EQ(error_of([&] {
              (void)pack(layout, {2, 2}, std::vector{0, -9, 0, 0});
            }),
            "layout test.plain: expected codes in [-8, 7], got -9 at [0, 1]");
  EXPECT_EQ(error_of([&] {
              (void)pack(plain(4, Encoding::unsigned_binary), {1, 2}, std::vector{-1, 0});
            }),
            "layout test.plain: expected codes in [0, 15], got -1 at [0, 0]");
}

TEST(Layout, WrongNumbersOfBytesAreRefused) {
  const Layout layout = plain(4, Encoding::offset_binary, 8);
  for (const std::size_t count : {0, 7, 9, 16}) {
    EXPECT_EQ(error_of([&] {
                (void)unpack(layout, {2, 5}, Bytes(count));
              }),
              "layout test.plain: expected 8 bytes for 2 x 5 codes, got " + std::to_string(count));
  }
}

TEST(Layout, CodesThatDoNotFillWholeBytesAreRefused) {
  const Layout layout = plain(4, Encoding::offset_binary);
  const std::string expected = "layout test.plain: 3 x 5 codes of 4 bits do not fill whole bytes";
  EXPECT_EQ(error_of([&] { (void)layout.size_bytes({3, 5}); }), expected);
  EXPECT_EQ(error_of([&] { (void)pack(layout, {3, 5}, std::vector<int>(15)); }), expected);
  EXPECT_EQ(error_of([&] { (void)unpack(layout, {3, 5}, Bytes(8)); }), expected);
  EXPECT_EQ(layout.size_bytes({2, 5}), 5);
}

TEST(Layout, NothingIsPackedIntoNothing) {
  const Layout layout = plain(4, Encoding::offset_binary, 8);
  EXPECT_EQ(pack(layout, {0, 5}, {}), Bytes{});
  EXPECT_EQ(unpack(layout, {3, 0}, {}), std::vector<int>{});
}

TEST(LayoutDeathTest, ANumberOfCodesThatIsNotTheExtentsIsABrokenInvariant) {
  const std::vector<int> codes(5);
  EXPECT_DEATH((void)pack(plain(4, Encoding::offset_binary), {2, 3}, codes), "broken invariant");
}

TEST(Picture, OfEveryWidthHasAColumnForEachCodeOfAByte) {
  EXPECT_EQ(
      picture(plain(1, Encoding::unsigned_binary, 8)),
      "test.plain: for tests\n"
      "example: 2 rows, 6 columns; w[row,column]\n"
      "\n"
      "  byte | bits 7..7 | bits 6..6 | bits 5..5 | bits 4..4 | bits 3..3 | bits 2..2 | bits 1..1 | bits 0..0 \n"
      "  -----+-----------+-----------+-----------+-----------+-----------+-----------+-----------+-----------\n"
      "     0 | pad       | pad       | w[0,5]    | w[0,4]    | w[0,3]    | w[0,2]    | w[0,1]    | w[0,0]    \n"
      "     1 | pad       | pad       | w[1,5]    | w[1,4]    | w[1,3]    | w[1,2]    | w[1,1]    | w[1,0]    \n");
  EXPECT_NE(picture(plain(2, Encoding::unsigned_binary, 8)).find("| bits 7..6 | bits 5..4 | bits 3..2 | bits 1..0 \n"),
            std::string::npos);
  EXPECT_NE(picture(plain(8, Encoding::unsigned_binary)).find("  byte | bits 7..0 \n"), std::string::npos);
}

RC_GTEST_PROP(LayoutProperty, UnpackInvertsPack, ()) {
  const int bits = *rc::gen::element(1, 2, 4, 8);
  const auto encoding =
      *rc::gen::element(Encoding::unsigned_binary, Encoding::twos_complement, Encoding::offset_binary);
  const Layout layout = plain(bits, encoding, 8);
  const Extent extent{*rc::gen::inRange(0, 5), *rc::gen::inRange(0, 20)};
  const auto codes = *rc::gen::container<std::vector<int>>(static_cast<std::size_t>(extent.rows * extent.columns),
                                                           rc::gen::inRange(layout.min_code(), layout.max_code() + 1));
  const Bytes bytes = pack(layout, extent, codes);
  RC_ASSERT(static_cast<std::int64_t>(bytes.size()) == layout.size_bytes(extent));
  RC_ASSERT(unpack(layout, extent, bytes) == codes);
}

}  // namespace
}  // namespace plumb
