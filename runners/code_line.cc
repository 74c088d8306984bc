#include "runners/code_line.h"

#include <algorithm>
#include <atomic>

namespace plumb {

// Twice as many codes as lie in what a layout fills together, at most: eight of three bits in three bytes.
constexpr std::int64_t kLookedAt = 16;

CodeLine::CodeLine(const Layout& layout, Extent extent, std::int64_t first_column, std::int64_t count)
    : layout_(layout), padded_(layout.padded(extent)), first_column_(first_column), count_(count) {
  measure(0);
}

std::int64_t CodeLine::address(std::int64_t row, std::int64_t i, int bit) const {
  const BitPosition at = layout_.position(row, first_column_ + i, bit, padded_);
  return at.byte * 8 + at.bit;
}

// Into the pieces that codes of that row consist of, as some of them tell.
void CodeLine::divide(std::int64_t row) {
  pieces_.clear();
  for (int bit = 0; bit < layout_.bits; ++bit) {
    const auto continues = [&](std::int64_t i) {
      const std::int64_t before = address(row, i, bit - 1), here = address(row, i, bit);
      return here == before + 1 && here / 8 == before / 8;
    };
    if (bit > 0 && continues(0) && continues(std::min<std::int64_t>(1, count_ - 1)) && continues(count_ / 2) &&
        continues(count_ - 1)) {
      pieces_.back().mask = pieces_.back().mask << 1 | 1U;
    } else {
      pieces_.push_back({bit, 1});
    }
  }
}

void CodeLine::measure(std::int64_t row) {
  divide(row);
  for (Piece& piece : pieces_) {
    piece.start = address(row, 0, piece.lowest);
    for (std::int64_t i = 0; i < count_; ++i) {
      piece.distance.push_back(address(row, i, piece.lowest) - piece.start);
    }
  }
}

bool CodeLine::lies_as_measured(std::int64_t row, std::int64_t i) const {
  return std::ranges::all_of(pieces_, [&](const Piece& piece) {
    return address(row, i, piece.lowest) == piece.start + piece.distance[static_cast<std::size_t>(i)];
  });
}

void CodeLine::turn_to(std::int64_t row) {
  for (Piece& piece : pieces_) piece.start = address(row, 0, piece.lowest);
  // Where in a byte, or in a few, the stretch begins shows in the first codes; the others follow, as maps are formulas.
  for (std::int64_t i = 0; i < std::min(count_, kLookedAt); ++i) {
    if (!lies_as_measured(row, i)) return measure(row);
  }
  if (!lies_as_measured(row, count_ / 2) || !lies_as_measured(row, count_ - 1)) measure(row);
}

unsigned CodeLine::read(std::span<const std::byte> bytes, std::int64_t i) const {
  unsigned stored = 0;
  for (const Piece& piece : pieces_) {
    const auto at = static_cast<std::uint64_t>(piece.start + piece.distance[static_cast<std::size_t>(i)]);
    const auto byte = static_cast<unsigned>(bytes[at / 8]);
    stored |= (byte >> at % 8 & piece.mask) << piece.lowest;
  }
  return stored;
}

void CodeLine::write(std::span<std::byte> bytes, std::int64_t i, unsigned stored, bool shares_bytes) const {
  for (const Piece& piece : pieces_) {
    const auto at = static_cast<std::uint64_t>(piece.start + piece.distance[static_cast<std::size_t>(i)]);
    const auto field = static_cast<unsigned char>((stored >> piece.lowest & piece.mask) << at % 8);
    auto& byte = *reinterpret_cast<unsigned char*>(&bytes[at / 8]);
    if (shares_bytes) {
      std::atomic_ref(byte).fetch_or(field, std::memory_order_relaxed);
    } else {
      byte |= field;
    }
  }
}

}  // namespace plumb
