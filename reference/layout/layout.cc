#include "reference/layout/layout.h"

#include <fmt/format.h>

#include <algorithm>

#include "reference/error.h"

namespace plumb {
namespace {

std::int64_t round_up(std::int64_t value, std::int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

unsigned encode(const Layout& layout, int code) {
  const int offset = layout.encoding == Encoding::offset_binary ? 1 << (layout.bits - 1) : 0;
  return static_cast<unsigned>(code + offset) & ((1U << layout.bits) - 1);
}

int decode(const Layout& layout, unsigned stored) {
  const int half = 1 << (layout.bits - 1);
  const int value = static_cast<int>(stored);
  switch (layout.encoding) {
    case Encoding::unsigned_binary:
      return value;
    case Encoding::offset_binary:
      return value - half;
    case Encoding::twos_complement:
      return value >= half ? value - 2 * half : value;
  }
  PLUMB_CHECK(false);
}

std::int64_t total_codes(const Layout& layout, Extent extent) {
  const Extent padded = layout.padded(extent);
  return padded.rows * padded.columns;
}

void check_range(const Layout& layout, int code, std::int64_t row, std::int64_t column) {
  if (code >= layout.min_code() && code <= layout.max_code()) return;
  throw Error(fmt::format("layout {}: expected codes in [{}, {}], got {} at [{}, {}]", layout.name, layout.min_code(),
                          layout.max_code(), code, row, column));
}

// What one field of one byte holds in a picture: "w[r,k]", or padding.
using Field = std::string;

std::vector<std::vector<Field>> fields_of(const Layout& layout, Extent extent, std::size_t shown_bytes) {
  const auto per_byte = static_cast<std::size_t>(8 / layout.bits);
  std::vector<std::vector<Field>> fields(shown_bytes, std::vector<Field>(per_byte, "?"));
  const Extent padded = layout.padded(extent);
  for (std::int64_t row = 0; row < padded.rows; ++row) {
    for (std::int64_t column = 0; column < padded.columns; ++column) {
      const BitPosition at = layout.position(row, column, padded);
      if (at.byte >= static_cast<std::int64_t>(shown_bytes)) continue;
      const bool padding = row >= extent.rows || column >= extent.columns;
      fields[static_cast<std::size_t>(at.byte)][static_cast<std::size_t>(at.bit / layout.bits)] =
          padding ? "pad" : fmt::format("w[{},{}]", row, column);
    }
  }
  return fields;
}

}  // namespace

int Layout::min_code() const { return encoding == Encoding::unsigned_binary ? 0 : -(1 << (bits - 1)); }

int Layout::max_code() const { return encoding == Encoding::unsigned_binary ? (1 << bits) - 1 : (1 << (bits - 1)) - 1; }

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
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(layout.size_bytes(extent)));
  const Extent padded = layout.padded(extent);
  for (std::int64_t row = 0; row < padded.rows; ++row) {
    for (std::int64_t column = 0; column < padded.columns; ++column) {
      const bool inside = row < extent.rows && column < extent.columns;
      const int code = inside ? codes[static_cast<std::size_t>(row * extent.columns + column)] : layout.padding_code;
      check_range(layout, code, row, column);
      const BitPosition at = layout.position(row, column, padded);
      bytes[static_cast<std::size_t>(at.byte)] |= static_cast<std::uint8_t>(encode(layout, code) << at.bit);
    }
  }
  return bytes;
}

std::vector<int> unpack(const Layout& layout, Extent extent, std::span<const std::uint8_t> bytes) {
  const std::int64_t expected = layout.size_bytes(extent);
  if (static_cast<std::int64_t>(bytes.size()) != expected) {
    throw Error(fmt::format("layout {}: expected {} bytes for {} x {} codes, got {}", layout.name, expected,
                            extent.rows, extent.columns, bytes.size()));
  }
  const Extent padded = layout.padded(extent);
  const unsigned mask = (1U << layout.bits) - 1;
  std::vector<int> codes;
  codes.reserve(static_cast<std::size_t>(extent.rows * extent.columns));
  for (std::int64_t row = 0; row < extent.rows; ++row) {
    for (std::int64_t column = 0; column < extent.columns; ++column) {
      const BitPosition at = layout.position(row, column, padded);
      codes.push_back(decode(layout, (bytes[static_cast<std::size_t>(at.byte)] >> at.bit) & mask));
    }
  }
  return codes;
}

std::string picture(const Layout& layout) {
  // Two rows, and columns that leave some padding if the layout has any.
  const Extent extent{2, layout.column_multiple > 2 ? layout.column_multiple - 2 : 6};
  const auto bytes = std::min<std::int64_t>(layout.size_bytes(extent), 8);
  const auto fields = fields_of(layout, extent, static_cast<std::size_t>(bytes));
  std::string text = fmt::format("{}: {}\nexample: {} rows, {} columns; w[row,column]\n\n", layout.name, layout.summary,
                                 extent.rows, extent.columns);
  std::string head = "  byte ", rule = "  -----";
  for (int high = 7; high >= 0; high -= layout.bits) {
    head += fmt::format("| bits {}..{} ", high, high - layout.bits + 1);
    rule += "+-----------";
  }
  text += head + "\n" + rule + "\n";
  for (std::size_t byte = 0; byte < fields.size(); ++byte) {
    text += fmt::format("  {:>4} ", byte);
    for (std::size_t field = fields[byte].size(); field-- > 0;) text += fmt::format("| {:<9} ", fields[byte][field]);
    text += "\n";
  }
  if (layout.size_bytes(extent) > bytes) text += "   ...\n";
  return text;
}

}  // namespace plumb
