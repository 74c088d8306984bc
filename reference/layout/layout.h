// Packed layouts of low-bit weights, each declared once as an index map.
//
// From the declaration follow pack, unpack, the bijection and padding properties, and the picture that `plumb ops` and
// the report show. Nothing else in plumbline's oracle knows where a code is stored.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reference/dtype.h"

namespace plumb {

/// How a signed or unsigned code value becomes `bits` stored bits.
enum class Encoding {
  unsigned_binary,  ///< 0 … 2^bits - 1, stored as is.
  twos_complement,  ///< -2^(bits-1) … 2^(bits-1) - 1, modulo 2^bits.
  offset_binary,    ///< The same range, stored as value + 2^(bits-1).
};

/// Number of rows (outputs N) and columns (reduction K) of a weight.
struct Extent {
  std::int64_t rows;
  std::int64_t columns;
  friend bool operator==(const Extent&, const Extent&) = default;
};

/// Where a bit lies: bit `bit` of byte `byte`, bit 0 the least significant.
struct BitPosition {
  std::int64_t byte;
  int bit;
};

/// Where bit number `bit` (0 the least significant) of the code of element (row, column) lies, in a weight whose
/// *padded* extent is `padded`.
using BitMap = std::function<BitPosition(std::int64_t row, std::int64_t column, int bit, Extent padded)>;

/// The map of a layout that keeps the bits of a code together, in order: `first` gives the least significant one.
[[nodiscard]] BitMap in_one_piece(
    std::function<BitPosition(std::int64_t row, std::int64_t column, Extent padded)> first);

/// A packed layout: index map, encoding and padding rule.
struct Layout {
  std::string name;     ///< "<system>.<layout>", e.g. "et_vk.q4gsw".
  std::string summary;  ///< One line.
  std::string source;   ///< The upstream function that defines it.
  int bits;             ///< Bits of one code, 1 to 8.
  Encoding encoding;
  std::int64_t row_multiple;     ///< Rows are padded to a multiple of this (1 = not padded).
  std::int64_t column_multiple;  ///< Columns likewise.
  int padding_code;              ///< Code value that fills the padding.
  BitMap position;
  std::int64_t block_rows = 0;  ///< Rows of a whole block, if they are more than row_multiple; for pictures.
  DType container = DType::u8;  ///< Element type of the tensor upstream keeps it in; words are little-endian.

  /// Smallest and largest code value.
  [[nodiscard]] int min_code() const;
  [[nodiscard]] int max_code() const;
  /// The stored bits of a code in that range, and back.
  [[nodiscard]] unsigned encode(int code) const;
  [[nodiscard]] int decode(unsigned stored) const;
  [[nodiscard]] Extent padded(Extent extent) const;
  /// Bytes that hold a weight of this extent, padding included.
  [[nodiscard]] std::int64_t size_bytes(Extent extent) const;
};

/// Packs codes [rows, columns], row-major. Throws Error if one is outside the layout's range or the padded codes do not
/// fill whole bytes.
[[nodiscard]] std::vector<std::uint8_t> pack(const Layout& layout, Extent extent, std::span<const int> codes);
/// Inverse of pack; padding is dropped. Throws Error if the number of bytes is not size_bytes(extent).
[[nodiscard]] std::vector<int> unpack(const Layout& layout, Extent extent, std::span<const std::uint8_t> bytes);

/// ASCII picture of the first bytes: what each holds, most significant bits first.
[[nodiscard]] std::string picture(const Layout& layout);

}  // namespace plumb
