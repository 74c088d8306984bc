#include "reference/layout/wrong_variants.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "reference/layout/layouts.h"

namespace plumb {
namespace {

// More than one block in each direction, and padding where there can be some.
Extent revealing_extent(const Layout& layout) {
  const std::int64_t rows = std::max<std::int64_t>({layout.row_multiple, layout.block_rows, 2}) * 2;
  return {layout.row_multiple > 1 ? rows - 2 : rows, layout.column_multiple > 2 ? layout.column_multiple * 2 - 2 : 16};
}

const WrongVariant& variant_saying(const std::vector<WrongVariant>& variants, std::string_view words) {
  for (const WrongVariant& variant : variants) {
    if (variant.sentence.find(words) != std::string::npos) return variant;
  }
  ADD_FAILURE() << "no variant says '" << words << "'";
  return variants.front();
}

std::vector<int> some_codes(const Layout& layout, Extent extent) {
  std::vector<int> codes;
  const int count = layout.max_code() - layout.min_code() + 1;
  for (std::int64_t i = 0; i < extent.rows * extent.columns; ++i) {
    codes.push_back(layout.min_code() + static_cast<int>((i * i + i / 7 + i / 31) % count));
  }
  return codes;
}

// Whether two codes share bits, or one has none.
bool loses_codes(const WrongVariant& variant, Extent extent) {
  std::set<std::pair<std::int64_t, int>> taken;
  for (std::int64_t i = 0; i < extent.rows * extent.columns * variant.layout.bits; ++i) {
    const int bit = static_cast<int>(i % variant.layout.bits);
    const std::int64_t code = i / variant.layout.bits;
    const BitPosition at =
        variant.layout.position(code / extent.columns, code % extent.columns, bit, variant.layout.padded(extent));
    if (at.byte < 0 || !taken.insert({at.byte, at.bit}).second) return true;
  }
  return false;
}

TEST(WrongVariants, OfEveryLayoutDifferFromItAndFromEachOther) {
  for (const Layout& layout : all_layouts()) {
    const Extent extent = revealing_extent(layout);
    const std::vector<int> codes = some_codes(layout, extent);
    const std::vector<std::uint8_t> bytes = pack(layout, extent, codes);
    std::set<std::string> sentences;
    for (const WrongVariant& variant : wrong_variants(layout, extent)) {
      EXPECT_TRUE(sentences.insert(variant.sentence).second) << layout.name << ": " << variant.sentence;
      EXPECT_TRUE(unpack(variant, extent, bytes) != codes || pack(variant, extent, codes) != bytes)
          << layout.name << ": " << variant.sentence;
      EXPECT_EQ(pack(variant, extent, codes).size(), bytes.size());
    }
    EXPECT_GE(sentences.size(), 3U) << layout.name;
  }
}

TEST(WrongVariants, WriteWhatTheyRead) {
  for (const Layout& layout : all_layouts()) {
    const Extent extent = revealing_extent(layout);
    const std::vector<int> codes = some_codes(layout, extent);
    for (const WrongVariant& variant : wrong_variants(layout, extent)) {
      if (loses_codes(variant, extent)) continue;
      const std::vector<int> got = unpack(variant, extent, pack(variant, extent, codes));
      const int modulus = 1 << layout.bits;
      EXPECT_TRUE(std::ranges::equal(got, codes, [&](int a, int b) { return (a - b) % modulus == 0; }))
          << layout.name << ": " << variant.sentence;
    }
  }
}

TEST(WrongVariants, OfOffsetBinarySayWhichOffset) {
  const Layout& layout = layout_named("et_vk.q4gsw");
  const auto variants = wrong_variants(layout, {2, 6});
  const std::vector<std::uint8_t> bytes = {0x9F, 0x88, 0x88, 0x88, 0x21, 0x88, 0x88, 0x88};
  EXPECT_EQ(unpack(layout, {2, 6}, bytes)[0], 7);
  EXPECT_EQ(
      unpack(variant_saying(variants, "nibbles swapped: w[0,0] is in the low nibble of byte 0"), {2, 6}, bytes)[0], 1);
  EXPECT_EQ(unpack(variant_saying(variants, "offset missing: 8 is not subtracted"), {2, 6}, bytes)[0], 15);
  EXPECT_EQ(unpack(variant_saying(variants, "offset 7 instead of 8"), {2, 6}, bytes)[0], 8);
  EXPECT_EQ(unpack(variant_saying(variants, "offset 9 instead of 8"), {2, 6}, bytes)[0], 6);
  EXPECT_EQ(unpack(variant_saying(variants, "read as two's complement"), {2, 6}, bytes)[0], -1);
  EXPECT_EQ(unpack(variant_saying(variants, "rows 2i and 2i + 1 swapped"), {2, 6}, bytes)[0], -7);
}

TEST(WrongVariants, OfAPaddedRowForgetThePadding) {
  const Layout& layout = layout_named("et_vk.q4gsw");
  const auto variants = wrong_variants(layout, {2, 10});
  const WrongVariant& unpadded = variant_saying(variants, "stride without padding: 2 x 10 taken, 2 x 16 is stored");
  EXPECT_EQ(unpadded.layout.position(1, 0, 0, {2, 16}).byte, 5);
  const WrongVariant& partial = variant_saying(variants, "last partial block missing: columns 8 … 9 are ignored");
  const auto codes = unpack(partial, {2, 10}, std::vector<std::uint8_t>(16, 0xFF));
  EXPECT_EQ(codes[7], 7);
  EXPECT_EQ(codes[8], 0);
}

TEST(WrongVariants, OfBlocksAndStridesAreOtherLayouts) {
  const auto same_map = [](const WrongVariant& variant, const Layout& other, Extent extent) {
    for (std::int64_t i = 0; i < extent.rows * extent.columns; ++i) {
      const BitPosition a = variant.layout.position(i / extent.columns, i % extent.columns, 0, extent);
      const BitPosition b = other.position(i / extent.columns, i % extent.columns, 0, extent);
      if (a.byte != b.byte || a.bit != b.bit) return false;
    }
    return true;
  };
  const Extent extent{32, 16};
  EXPECT_TRUE(same_map(variant_saying(wrong_variants(layout_named("et_vk.w_4x8_nc"), extent), "in the other order"),
                       layout_named("et_vk.w_4x8_kc"), extent));
  EXPECT_TRUE(same_map(variant_saying(wrong_variants(layout_named("et_vk.w_4x8_kc"), extent), "in the other order"),
                       layout_named("et_vk.w_4x8_nc"), extent));
  EXPECT_TRUE(same_map(variant_saying(wrong_variants(layout_named("et_vk.w_4x8_kc"), extent), "to hold rows 4 apart"),
                       layout_named("et_vk.q4_linear_kc"), extent));
  EXPECT_TRUE(same_map(variant_saying(wrong_variants(layout_named("aten.int4_avx2"), extent), "neighbouring rows"),
                       layout_named("aten.int4_default"), extent));
  EXPECT_TRUE(same_map(variant_saying(wrong_variants(layout_named("torchao.uintx4"), extent), "neighbouring columns"),
                       layout_named("openvino.u4"), extent));
  EXPECT_TRUE(same_map(variant_saying(wrong_variants(layout_named("et_vk.q4_even_low"), extent), "nibbles swapped"),
                       layout_named("et_vk.q4_even_high"), extent));
}

TEST(WrongVariants, OfNothingAreNone) { EXPECT_TRUE(wrong_variants(layout_named("et_vk.q4gsw"), {0, 8}).empty()); }

}  // namespace
}  // namespace plumb
