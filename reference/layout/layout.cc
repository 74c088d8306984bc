#include "reference/layout/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "reference/error.h"
#include "reference/layout/bit_maps.h"
#include "reference/layout/code_rows.h"
#include "reference/layout/stand_in.h"

namespace plumb {
namespace {

std::int64_t round_up(std::int64_t value, std::int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

std::int64_t total_codes(const Layout& layout, Extent extent) {
  const Extent padded = layout.padded(extent);
  return padded.rows * padded.columns;
}

// A bit of a byte: of which element it is, and which of its code's bits; row < 0 for padding.
struct Bit {
  std::int64_t row = -1, column = -1;
  int bit = 0;
};

using Byte = std::array<Bit, 8>;

std::vector<Byte> bits_of(const Layout& layout, Extent extent, std::size_t shown_bytes) {
  std::vector<Byte> bytes(shown_bytes);
  const Extent padded = layout.padded(extent);
  for (std::int64_t row = 0; row < extent.rows; ++row) {
    for (std::int64_t column = 0; column < extent.columns; ++column) {
      for (int bit = 0; bit < layout.bits; ++bit) {
        const BitPosition at = layout.position(row, column, bit, padded);
        if (at.byte >= static_cast<std::int64_t>(shown_bytes)) continue;
        bytes[static_cast<std::size_t>(at.byte)][static_cast<std::size_t>(at.bit)] = {row, column, bit};
      }
    }
  }
  return bytes;
}

// Whether `low` is the next lower bit of the same code, or of the same padding.
bool continues(const Bit& high, const Bit& low) {
  return high.row == low.row && high.column == low.column && (high.row < 0 || high.bit == low.bit + 1);
}

std::string field_text(const Layout& layout, const Bit& high, const Bit& low) {
  if (high.row < 0) return "pad";
  const std::string element = fmt::format("w[{},{}]", high.row, high.column);
  if (high.bit - low.bit + 1 == layout.bits) return element;
  return high.bit == low.bit ? fmt::format("{}.{}", element, high.bit)
                             : fmt::format("{}.{}-{}", element, high.bit, low.bit);
}

std::string heading(const Layout& layout) {
  if (8 % layout.bits != 0) return "  byte | bit 7 first, bit 0 last\n  -----+----------------------\n";
  std::string head = "  byte ", rule = "  -----";
  for (int high = 7; high >= 0; high -= layout.bits) {
    head += fmt::format("| bits {}..{} ", high, high - layout.bits + 1);
    rule += "+-----------";
  }
  return head + "\n" + rule + "\n";
}

// The fields of a byte, most significant first.
std::string byte_text(const Layout& layout, const Byte& byte) {
  std::string text;
  for (std::size_t high = 8; high > 0;) {
    std::size_t low = high - 1;
    while (low > 0 && continues(byte[low], byte[low - 1]) && high - low < static_cast<std::size_t>(layout.bits)) --low;
    text += fmt::format("| {:<9} ", field_text(layout, byte[high - 1], byte[low]));
    high = low;
  }
  return text;
}

}  // namespace

int Layout::min_code() const { return encoding == Encoding::unsigned_binary ? 0 : -(1 << (bits - 1)); }

int Layout::max_code() const { return encoding == Encoding::unsigned_binary ? (1 << bits) - 1 : (1 << (bits - 1)) - 1; }

unsigned Layout::encode(int code) const {
  const int offset = encoding == Encoding::offset_binary ? 1 << (bits - 1) : 0;
  return static_cast<unsigned>(code + offset) & ((1U << bits) - 1);
}

int Layout::decode(unsigned stored) const {
  const int half = 1 << (bits - 1);
  const int value = static_cast<int>(stored);
  switch (encoding) {
    case Encoding::unsigned_binary:
      return value;
    case Encoding::offset_binary:
      return value - half;
    case Encoding::twos_complement:
      return value >= half ? value - 2 * half : value;
  }
  PLUMB_CHECK(false);
}

Extent Layout::padded(Extent extent) const {
  return {round_up(extent.rows, row_multiple), round_up(extent.columns, column_multiple)};
}

std::int64_t Layout::size_bytes(Extent extent) const {
  const std::int64_t total_bits = total_codes(*this, extent) * bits;
  if (total_bits % 8 != 0) {
    throw Error(fmt::format("layout {}: {} x {} codes of {} bits do not fill whole bytes", name, extent.rows,
                            extent.columns, bits));
  }
  return total_bits / 8;
}

std::vector<std::uint8_t> pack(const Layout& layout, Extent extent, std::span<const int> codes) {
  PLUMB_CHECK(static_cast<std::int64_t>(codes.size()) == extent.rows * extent.columns);
  if (LayoutStandIn* const other = LayoutStandIn::current()) {
    if (auto bytes = other->pack(layout, extent, codes)) return *std::move(bytes);
  }
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(layout.size_bytes(extent)));
  write_rows(layout, extent, 0, codes, bytes);
  return bytes;
}

std::vector<int> unpack(const Layout& layout, Extent extent, std::span<const std::uint8_t> bytes) {
  const std::int64_t expected = layout.size_bytes(extent);
  if (static_cast<std::int64_t>(bytes.size()) != expected) {
    throw Error(fmt::format("layout {}: expected {} bytes for {} x {} codes, got {}", layout.name, expected,
                            extent.rows, extent.columns, bytes.size()));
  }
  if (LayoutStandIn* const other = LayoutStandIn::current()) {
    if (auto codes = other->unpack(layout, extent, bytes)) return *std::move(codes);
  }
  std::vector<int> codes(static_cast<std::size_t>(extent.rows * extent.columns));
  read_rows(layout, extent, bytes, 0, codes);
  return codes;
}

BitMap in_one_piece(std::function<BitPosition(std::int64_t row, std::int64_t column, Extent padded)> first) {
  return OnePiece{std::move(first)};
}

std::string picture(const Layout& layout) {
  // Whole blocks of rows, and columns that leave some padding if the layout has any.
  const Extent extent{std::max<std::int64_t>({layout.row_multiple, layout.block_rows, 2}),
                      layout.column_multiple > 2 ? layout.column_multiple - 2 : 8};
  const auto bytes = std::min<std::int64_t>(layout.size_bytes(extent), 8);
  std::string text = fmt::format("{}: {}\nexample: {} rows, {} columns; w[row,column]{}\n\n", layout.name,
                                 layout.summary, extent.rows, extent.columns,
                                 8 % layout.bits == 0 ? "" : ", w[row,column].bits of a code that is not in one piece");
  text += heading(layout);
  std::int64_t number = 0;
  for (const Byte& byte : bits_of(layout, extent, static_cast<std::size_t>(bytes))) {
    text += fmt::format("  {:>4} {}\n", number++, byte_text(layout, byte));
  }
  if (layout.size_bytes(extent) > bytes) text += "   ...\n";
  return text;
}

}  // namespace plumb
