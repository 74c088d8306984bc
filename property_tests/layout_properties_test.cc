// Every declared layout is a bijection between codes and bit fields, whatever the extent.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

#include "reference/layout/layouts.h"

namespace plumb {
namespace {

// An extent whose padded codes fill whole bytes.
Extent draw_extent(const Layout& layout) {
  Extent extent{*rc::gen::inRange<std::int64_t>(1, 70), *rc::gen::inRange<std::int64_t>(1, 70)};
  const auto fills_bytes = [&] {
    const Extent padded = layout.padded(extent);
    return padded.rows * padded.columns * layout.bits % 8 == 0;
  };
  while (!fills_bytes()) ++extent.columns;
  return extent;
}

std::vector<int> draw_codes(const Layout& layout, Extent extent) {
  return *rc::gen::container<std::vector<int>>(static_cast<std::size_t>(extent.rows * extent.columns),
                                               rc::gen::inRange(layout.min_code(), layout.max_code() + 1));
}

// Calls visit(row, column, inside) for every code, padding included.
template <typename Visit>
void for_each_code(const Layout& layout, Extent extent, const Visit& visit) {
  const Extent padded = layout.padded(extent);
  for (std::int64_t row = 0; row < padded.rows; ++row) {
    for (std::int64_t column = 0; column < padded.columns; ++column) {
      visit(row, column, row < extent.rows && column < extent.columns);
    }
  }
}

RC_GTEST_PROP(LayoutProperties, UnpackUndoesPack, ()) {
  for (const Layout& layout : all_layouts()) {
    RC_LOG(layout.name);
    const Extent extent = draw_extent(layout);
    const std::vector<int> codes = draw_codes(layout, extent);
    const std::vector<std::uint8_t> bytes = pack(layout, extent, codes);
    RC_ASSERT(static_cast<std::int64_t>(bytes.size()) == layout.size_bytes(extent));
    RC_ASSERT(unpack(layout, extent, bytes) == codes);
  }
}

RC_GTEST_PROP(LayoutProperties, EveryCodeHasItsOwnBitsAndNoBitIsLeftOver, ()) {
  for (const Layout& layout : all_layouts()) {
    RC_LOG(layout.name);
    const Extent extent = draw_extent(layout), padded = layout.padded(extent);
    std::vector<int> uses(static_cast<std::size_t>(layout.size_bytes(extent) * 8), 0);
    for_each_code(layout, extent, [&](std::int64_t row, std::int64_t column, bool) {
      for (int bit = 0; bit < layout.bits; ++bit) {
        const BitPosition at = layout.position(row, column, bit, padded);
        RC_ASSERT(at.bit >= 0 && at.bit < 8);
        ++uses.at(static_cast<std::size_t>(at.byte * 8 + at.bit));
      }
    });
    RC_ASSERT(std::all_of(uses.begin(), uses.end(), [](int n) { return n == 1; }));
  }
}

RC_GTEST_PROP(LayoutProperties, PaddingHoldsThePaddingCode, ()) {
  for (const Layout& layout : all_layouts()) {
    RC_LOG(layout.name);
    const Extent extent = draw_extent(layout), padded = layout.padded(extent);
    const std::vector<int> codes = draw_codes(layout, extent);
    // A padded extent has no padding of its own, so that unpacking it shows all fields.
    RC_ASSERT(layout.padded(padded) == padded);
    const std::vector<int> all = unpack(layout, padded, pack(layout, extent, codes));
    for_each_code(layout, extent, [&](std::int64_t row, std::int64_t column, bool inside) {
      const int code = all[static_cast<std::size_t>(row * padded.columns + column)];
      const std::int64_t at = inside ? row * extent.columns + column : 0;
      RC_ASSERT(code == (inside ? codes[static_cast<std::size_t>(at)] : layout.padding_code));
    });
  }
}

RC_GTEST_PROP(LayoutProperties, OneCodeChangesItsBitsAlone, ()) {
  for (const Layout& layout : all_layouts()) {
    RC_LOG(layout.name);
    const Extent extent = draw_extent(layout);
    std::vector<int> codes = draw_codes(layout, extent);
    const std::vector<std::uint8_t> before = pack(layout, extent, codes);
    const std::int64_t row = *rc::gen::inRange<std::int64_t>(0, extent.rows);
    const std::int64_t column = *rc::gen::inRange<std::int64_t>(0, extent.columns);
    int& code = codes[static_cast<std::size_t>(row * extent.columns + column)];
    code = code == layout.max_code() ? layout.min_code() : code + 1;
    const std::vector<std::uint8_t> after = pack(layout, extent, codes);
    std::vector<unsigned> own(before.size(), 0);
    for (int bit = 0; bit < layout.bits; ++bit) {
      const BitPosition at = layout.position(row, column, bit, layout.padded(extent));
      own.at(static_cast<std::size_t>(at.byte)) |= 1U << at.bit;
    }
    RC_ASSERT(before != after);
    for (std::size_t byte = 0; byte < before.size(); ++byte)
      RC_ASSERT(((before[byte] ^ after[byte]) & ~own[byte]) == 0U);
  }
}

}  // namespace
}  // namespace plumb
