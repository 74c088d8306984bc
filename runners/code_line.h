// Codes of some neighbouring columns, read and written one at a time: for what no tile has.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "reference/layout/layout.h"

namespace plumb {

/// Where the codes of a stretch of a row lie. The index map is asked once, and then only whether codes of other rows
/// lie at the same distances from each other.
class CodeLine {
 public:
  /// `count` codes from column `first_column` on, of the padded weight.
  CodeLine(const Layout& layout, Extent extent, std::int64_t first_column, std::int64_t count);

  /// Turns to the stretch of that row.
  void turn_to(std::int64_t row);
  /// The stored bits of code `i` of the stretch.
  [[nodiscard]] unsigned read(std::span<const std::byte> bytes, std::int64_t i) const;
  /// Writes stored bits where there are zeros. With `shares_bytes`, others may be writing to the same byte.
  void write(std::span<std::byte> bytes, std::int64_t i, unsigned stored, bool shares_bytes) const;

 private:
  // Bits of a code that lie beside each other in a byte.
  struct Piece {
    int lowest;                               // which bit of the code is its first
    unsigned mask;                            // as many ones as it has bits
    std::int64_t start = 0;                   // the first code's address in bits
    std::vector<std::int64_t> distance = {};  // those of the others from it
  };

  [[nodiscard]] std::int64_t address(std::int64_t row, std::int64_t i, int bit) const;
  void divide(std::int64_t row);
  void measure(std::int64_t row);
  [[nodiscard]] bool lies_as_measured(std::int64_t row, std::int64_t i) const;

  const Layout& layout_;
  Extent padded_;
  std::int64_t first_column_, count_;
  std::vector<Piece> pieces_;
};

}  // namespace plumb
