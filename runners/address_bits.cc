#include "runners/address_bits.h"

#include <algorithm>
#include <bit>

namespace plumb {

bool contains(std::span<const WeightStep> steps, WeightStep step) {
  return std::ranges::find(steps, step) != steps.end();
}

std::int64_t CodeAddresses::of(WeightStep at) const {
  if (at.rows >= padded_.rows || at.columns >= padded_.columns) return -1;
  const BitPosition first = layout_.position(at.rows, at.columns, 0, padded_);
  for (int bit = 1; bit < layout_.bits; ++bit) {
    const BitPosition next = layout_.position(at.rows, at.columns, bit, padded_);
    if (next.byte != first.byte || next.bit != first.bit + bit) return -1;
  }
  return first.bit % layout_.bits == 0 ? (first.byte * 8 + first.bit) / layout_.bits : -1;
}

std::int64_t CodeAddresses::of_piece(WeightStep at) const {
  if (at.rows >= padded_.rows || at.columns >= padded_.columns) return -1;
  const BitPosition first = layout_.position(at.rows, at.columns, 0, padded_);
  return (first.byte * 8 + first.bit) / layout_.bits;
}

std::vector<WeightStep> AddressBits::all() const {
  std::vector<WeightStep> steps = code;
  steps.insert(steps.end(), byte.begin(), byte.end());
  return steps;
}

std::int64_t AddressBits::block_start(const CodeAddresses& codes, WeightStep at) const {
  const std::int64_t per_byte = std::int64_t{1} << code.size(), address = codes.of_piece(at) - code_flips;
  return address >= 0 && address % per_byte == 0 ? address / per_byte : -1;
}

bool AddressBits::describes_block(const CodeAddresses& codes, WeightStep at, std::int64_t start,
                                  bool looks_at_all) const {
  const std::vector<WeightStep> steps = all();
  const std::int64_t per_byte = std::int64_t{1} << code.size();
  for (unsigned number = 0; number < 1U << steps.size(); ++number) {
    const bool on_axis = (number & (number - 1)) == 0 || number + 1 == 1U << steps.size();
    if (!on_axis && !looks_at_all) continue;
    WeightStep place = at;
    for (std::size_t bit = 0; bit < steps.size(); ++bit) {
      if ((number >> bit & 1U) != 0) place = {place.rows + steps[bit].rows, place.columns + steps[bit].columns};
    }
    if (codes.of(place) != start * per_byte + static_cast<std::int64_t>(number ^ code_flips)) return false;
  }
  return start >= 0;
}

std::optional<AddressBits> address_bits(const Layout& layout, Extent extent) {
  if (!std::has_single_bit(static_cast<unsigned>(layout.bits))) return std::nullopt;
  const std::size_t code_bits = static_cast<std::size_t>(std::countr_zero(8U / static_cast<unsigned>(layout.bits)));
  const CodeAddresses codes(layout, extent);
  const std::int64_t first = codes.of({0, 0});
  std::vector<WeightStep> found(code_bits + kByteBits, WeightStep{0, 0});
  std::size_t missing = found.size();
  const auto look_at = [&](WeightStep step) {
    const std::int64_t address = codes.of(step);
    if (address < 0 || missing == 0) return;
    const auto difference = static_cast<std::uint64_t>(address ^ first);
    const auto bit = static_cast<std::size_t>(std::countr_zero(difference));
    if (!std::has_single_bit(difference) || bit >= found.size() || found[bit] != WeightStep{0, 0}) return;
    found[bit] = step;
    --missing;
  };
  // Most steps are powers of two or such parts of a row; only where these do not suffice all are tried.
  const Extent padded = codes.padded();
  for (std::int64_t c = 1; c < padded.columns; c *= 2) look_at({0, c});
  for (std::int64_t part = 8; part > 1; part /= 2) look_at({0, padded.columns / part});
  for (std::int64_t r = 1; r < padded.rows; r *= 2) look_at({r, 0});
  for (std::int64_t c = 1; c < padded.columns && missing > 0; ++c) look_at({0, c});
  for (std::int64_t r = 1; r < padded.rows && missing > 0; ++r) look_at({r, 0});
  if (first < 0 || missing > 0) return std::nullopt;
  AddressBits bits;
  bits.code.assign(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(code_bits));
  bits.code_flips = static_cast<unsigned>(first) & ((1U << code_bits) - 1);
  std::copy(found.end() - kByteBits, found.end(), bits.byte.begin());
  const std::int64_t start = bits.block_start(codes, {0, 0});
  return start == 0 && bits.describes_block(codes, {0, 0}, start, true) ? std::optional(bits) : std::nullopt;
}

}  // namespace plumb
