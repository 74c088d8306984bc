// Every declared layout is a bijection between codes and bit fields, whatever the extent.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

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

// Calls visit(row, column, position, inside) for every code, padding included.
template <typename Visit>
void for_each_code(const Layout& layout, Extent extent, const Visit& visit) {
  const Extent padded = layout.padded(extent);
  for (std::int64_t row = 0; row < padded.rows; ++row) {
    for (std::int64_t column = 0; column < padded.columns; ++column) {
      visit(row, column, layout.position(row, column, padded), row < extent.rows && column < extent.columns);
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

RC_GTEST_PROP(LayoutProperties, EveryCodeHasItsOwnFieldAndNoBitIsLeftOver, ()) {
  for (const Layout& layout : all_layouts()) {
    RC_LOG(layout.name);
    const Extent extent = draw_extent(layout);
    const std::int64_t size_bytes = layout.size_bytes(extent);
    std::vector<unsigned> taken(static_cast<std::size_t>(size_bytes), 0);
    std::int64_t fields = 0;
    for_each_code(layout, extent, [&](std::int64_t, std::int64_t, BitPosition at, bool) {
      RC_ASSERT(at.byte >= 0 && at.byte < size_bytes);
      RC_ASSERT(at.bit >= 0 && at.bit + layout.bits <= 8);
      const unsigned field = ((1U << layout.bits) - 1) << at.bit;
      RC_ASSERT((taken[static_cast<std::size_t>(at.byte)] & field) == 0U);
      taken[static_cast<std::size_t>(at.byte)] |= field;
      ++fields;
    });
    RC_ASSERT(fields * layout.bits == size_bytes * 8);
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
    for_each_code(layout, extent, [&](std::int64_t row, std::int64_t column, BitPosition, bool inside) {
      const int code = all[static_cast<std::size_t>(row * padded.columns + column)];
      const std::int64_t at = inside ? row * extent.columns + column : 0;
      RC_ASSERT(code == (inside ? codes[static_cast<std::size_t>(at)] : layout.padding_code));
    });
  }
}

RC_GTEST_PROP(LayoutProperties, OneCodeChangesItsFieldAlone, ()) {
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
    const BitPosition at = layout.position(row, column, layout.padded(extent));
    const unsigned field = ((1U << layout.bits) - 1) << at.bit;
    for (std::size_t byte = 0; byte < before.size(); ++byte) {
      const unsigned changed = before[byte] ^ after[byte];
      const bool own = static_cast<std::int64_t>(byte) == at.byte;
      RC_ASSERT((changed != 0U) == own);
      RC_ASSERT((changed & ~field) == 0U);
    }
  }
}

}  // namespace
}  // namespace plumb
