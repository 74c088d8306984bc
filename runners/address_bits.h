// What the bits of a code's address inside a 64-byte block stand for, found by asking a layout's index map.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "reference/layout/layout.h"
#include "runners/tile_program.h"

namespace plumb {

/// A distance in a weight.
struct WeightStep {
  std::int64_t rows, columns;
  friend bool operator==(const WeightStep&, const WeightStep&) = default;
};

[[nodiscard]] bool contains(std::span<const WeightStep> steps, WeightStep step);

/// Addresses of codes, counted in codes: byte * (8 / bits) + number in its byte.
class CodeAddresses {
 public:
  CodeAddresses(const Layout& layout, Extent extent) : layout_(layout), padded_(layout.padded(extent)) {}
  /// -1 if the code is not in one piece, or not at a multiple of its width.
  [[nodiscard]] std::int64_t of(WeightStep at) const;
  /// The same for a code that is known to be in one piece.
  [[nodiscard]] std::int64_t of_piece(WeightStep at) const;
  [[nodiscard]] Extent padded() const { return padded_; }

 private:
  const Layout& layout_;
  Extent padded_;
};

/// Which step in the weight each address bit makes.
struct AddressBits {
  std::vector<WeightStep> code;              ///< Bits that say which code of a byte; 8 / bits = 2^code.size().
  unsigned code_flips = 0;                   ///< Those of them that are 1 at the step's beginning.
  std::array<WeightStep, kByteBits> byte{};  ///< Bits that say which byte of a block.

  [[nodiscard]] std::vector<WeightStep> all() const;
  /// Byte at which the block begins whose first code is the one there; negative if it has none.
  [[nodiscard]] std::int64_t block_start(const CodeAddresses& codes, WeightStep at) const;
  /// Whether the codes of the block at that byte lie as the bits say: all of them, or, as blocks are many, the last one
  /// and those that a single bit leads to.
  [[nodiscard]] bool describes_block(const CodeAddresses& codes, WeightStep at, std::int64_t start,
                                     bool looks_at_all) const;
};

/// Of the block at the weight's beginning. Nothing if it is no such block: codes of 3, 5, 6 or 7 bits, weights too
/// small.
[[nodiscard]] std::optional<AddressBits> address_bits(const Layout& layout, Extent extent);

}  // namespace plumb
