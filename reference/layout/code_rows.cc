#include "reference/layout/code_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "reference/error.h"
#include "reference/layout/bit_maps.h"

namespace plumb {
namespace {

[[noreturn]] void refuse(const Layout& layout, int code, std::int64_t row, std::int64_t column) {
  throw Error(fmt::format("layout {}: expected codes in [{}, {}], got {} at [{}, {}]", layout.name, layout.min_code(),
                          layout.max_code(), code, row, column));
}

// The stored bits of the codes of one weight in its bytes. Where bits are kept together, each code is asked for once;
// where codes follow each other in whole bytes, none is.
class Places {
 public:
  Places(const Layout& layout, Extent padded)
      : layout_(layout),
        padded_(padded),
        piece_(layout.position.target<OnePiece>()),
        follow_(piece_ != nullptr && piece_->first.target<RowByRow>() != nullptr && layout.bits <= 8 &&
                8 % layout.bits == 0) {}

  // Reads a row from its first column on.
  void read(std::span<const std::uint8_t> bytes, std::int64_t row, std::span<int> stored) const {
    if (follow_) {
      if (with_width([&](auto bits) { read_following<bits>(bytes, row * padded_.columns, stored); })) return;
    }
    for (std::size_t k = 0; k < stored.size(); ++k) {
      stored[k] = static_cast<int>(read_one(bytes, row, static_cast<std::int64_t>(k)));
    }
  }

  // Writes a whole row, padding included, whose bits are zero before.
  void write(std::span<std::uint8_t> bytes, std::int64_t row, std::span<const int> stored) const {
    if (follow_) {
      if (with_width([&](auto bits) { write_following<bits>(bytes, row * padded_.columns, stored); })) return;
    }
    for (std::size_t k = 0; k < stored.size(); ++k) {
      write_one(bytes, row, static_cast<std::int64_t>(k), static_cast<unsigned>(stored[k]));
    }
  }

 private:
  // The width of a code as a constant, for most of them; false for others.
  template <typename F>
  bool with_width(const F& f) const {
    switch (layout_.bits) {
      case 2:
        f(std::integral_constant<int, 2>());
        return true;
      case 4:
        f(std::integral_constant<int, 4>());
        return true;
      case 8:
        f(std::integral_constant<int, 8>());
        return true;
      default:
        return false;
    }
  }

  [[nodiscard]] unsigned read_one(std::span<const std::uint8_t> bytes, std::int64_t row, std::int64_t column) const {
    if (piece_ != nullptr) {
      const BitPosition at = piece_->first(row, column, padded_);
      return bytes[static_cast<std::size_t>(at.byte)] >> at.bit & ((1U << layout_.bits) - 1);
    }
    unsigned stored = 0;
    for (int bit = 0; bit < layout_.bits; ++bit) {
      const BitPosition at = layout_.position(row, column, bit, padded_);
      stored |= (bytes[static_cast<std::size_t>(at.byte)] >> at.bit & 1U) << bit;
    }
    return stored;
  }

  void write_one(std::span<std::uint8_t> bytes, std::int64_t row, std::int64_t column, unsigned stored) const {
    if (piece_ != nullptr) {
      const BitPosition at = piece_->first(row, column, padded_);
      bytes[static_cast<std::size_t>(at.byte)] |= static_cast<std::uint8_t>(stored << at.bit);
      return;
    }
    for (int bit = 0; bit < layout_.bits; ++bit) {
      const BitPosition at = layout_.position(row, column, bit, padded_);
      bytes[static_cast<std::size_t>(at.byte)] |= static_cast<std::uint8_t>((stored >> bit & 1U) << at.bit);
    }
  }

  // Codes `first`, `first` + 1, … of those that follow each other: up to a whole byte, whole bytes, and the rest.
  template <int kBits>
  static void read_following(std::span<const std::uint8_t> bytes, std::int64_t first, std::span<int> stored) {
    constexpr std::size_t kEach = 8 / kBits;
    constexpr unsigned kMask = (1U << kBits) - 1;
    const auto at = [&](std::size_t k) { return static_cast<std::size_t>(first) + k; };
    const auto one = [&](std::size_t k) { return bytes[at(k) / kEach] >> at(k) % kEach * kBits & kMask; };
    std::size_t k = 0;
    for (; k < stored.size() && at(k) % kEach != 0; ++k) stored[k] = static_cast<int>(one(k));
    const std::size_t whole = (stored.size() - k) / kEach;
    const std::uint8_t* from = bytes.data() + at(k) / kEach;
    int* to = stored.data() + k;
    for (std::size_t i = 0; i < whole; ++i) {
      for (std::size_t j = 0; j < kEach; ++j) to[i * kEach + j] = static_cast<int>(from[i] >> j * kBits & kMask);
    }
    for (k += whole * kEach; k < stored.size(); ++k) stored[k] = static_cast<int>(one(k));
  }

  template <int kBits>
  static void write_following(std::span<std::uint8_t> bytes, std::int64_t first, std::span<const int> stored) {
    constexpr std::size_t kEach = 8 / kBits;
    const auto at = [&](std::size_t k) { return static_cast<std::size_t>(first) + k; };
    const auto one = [&](std::size_t k) {
      std::uint8_t& byte = bytes[at(k) / kEach];
      byte = static_cast<std::uint8_t>(byte | static_cast<unsigned>(stored[k]) << at(k) % kEach * kBits);
    };
    std::size_t k = 0;
    for (; k < stored.size() && at(k) % kEach != 0; ++k) one(k);
    const std::size_t whole = (stored.size() - k) / kEach;
    std::uint8_t* to = bytes.data() + at(k) / kEach;
    const int* from = stored.data() + k;
    for (std::size_t i = 0; i < whole; ++i) {
      unsigned byte = 0;
      for (std::size_t j = 0; j < kEach; ++j) byte |= static_cast<unsigned>(from[i * kEach + j]) << j * kBits;
      to[i] = static_cast<std::uint8_t>(byte);
    }
    for (k += whole * kEach; k < stored.size(); ++k) one(k);
  }

  const Layout& layout_;
  Extent padded_;
  const OnePiece* piece_;
  bool follow_;
};

}  // namespace

void read_rows(const Layout& layout, Extent extent, std::span<const std::uint8_t> bytes, std::int64_t first,
               std::span<int> codes) {
  if (codes.empty()) return;
  const Places places(layout, layout.padded(extent));
  const auto columns = static_cast<std::size_t>(extent.columns);
  PLUMB_CHECK(codes.size() % columns == 0);
  // As Layout::decode: what is stored with the sign bit turned, less what is stored for 0.
  const int half = 1 << (layout.bits - 1);
  const int turned = layout.encoding == Encoding::twos_complement ? half : 0;
  const int zero = layout.encoding == Encoding::unsigned_binary ? 0 : half;
  for (std::size_t r = 0; r < codes.size() / columns; ++r) {
    const std::span<int> row = codes.subspan(r * columns, columns);
    places.read(bytes, first + static_cast<std::int64_t>(r), row);
    for (int& code : row) code = (code ^ turned) - zero;
  }
}

void write_rows(const Layout& layout, Extent extent, std::int64_t first, std::span<const int> codes,
                std::span<std::uint8_t> bytes) {
  const Extent padded = layout.padded(extent);
  const Places places(layout, padded);
  const auto columns = static_cast<std::size_t>(extent.columns);
  PLUMB_CHECK(columns == 0 ? codes.empty() : codes.size() % columns == 0);
  const std::int64_t count = columns == 0 ? 0 : static_cast<std::int64_t>(codes.size() / columns);
  const int low = layout.min_code(), high = layout.max_code();
  const auto padding = static_cast<int>(layout.encode(layout.padding_code));
  std::vector<int> stored(static_cast<std::size_t>(padded.columns), padding);
  const auto add = layout.encoding == Encoding::offset_binary ? 1U << (layout.bits - 1) : 0U;
  const unsigned mask = (1U << layout.bits) - 1;
  for (std::int64_t r = 0; r < count; ++r) {
    const std::span<const int> row = codes.subspan(static_cast<std::size_t>(r) * columns, columns);
    bool legal = true;
    for (std::size_t k = 0; k < columns; ++k) {  // as Layout::encode
      legal &= row[k] >= low && row[k] <= high;
      stored[k] = static_cast<int>((static_cast<unsigned>(row[k]) + add) & mask);
    }
    if (!legal) {
      const auto bad = std::ranges::find_if(row, [&](int code) { return code < low || code > high; });
      refuse(layout, *bad, first + r, bad - row.begin());
    }
    places.write(bytes, first + r, stored);
  }
  if (first + count != extent.rows) return;
  std::ranges::fill(stored, padding);
  for (std::int64_t row = extent.rows; row < padded.rows; ++row) places.write(bytes, row, stored);
}

}  // namespace plumb
