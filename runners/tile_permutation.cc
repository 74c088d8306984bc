// Permutations of the bytes of a block, as vectors of each width have instructions for them.
#include <algorithm>
#include <utility>

#include "runners/tile_program.h"

namespace plumb {
namespace {

constexpr int kUpperEight = 3, kPart = 4, kHalf = 5;  // bits: 8 bytes of a part, part of a half, half of a block

// Bit b of a number becomes what bit bits[first + b] was: the order of 2^count numbers.
template <class Order>
std::optional<Order> order_of(const std::array<int, kByteBits>& bits, int first, int count) {
  Order order{};
  bool changes = false;
  for (unsigned to = 0; to < order.size(); ++to) {
    unsigned from = 0;
    for (int bit = 0; bit < count; ++bit) from |= (to >> bit & 1U) << (bits[first + bit] - first);
    order[to] = static_cast<typename Order::value_type>(from);
    changes = changes || from != to;
  }
  return changes ? std::optional(order) : std::nullopt;
}

// Words of a half: of 4 bytes, so that bits 2 to 4 number them.
std::optional<HalvesPermutation::Words> exchanged_words(int bit_a, int bit_b) {
  std::array<int, kByteBits> bits{0, 1, 2, 3, 4, 5};
  std::swap(bits[bit_a], bits[bit_b]);
  return order_of<HalvesPermutation::Words>(bits, 2, 3);
}

HalvesPermutation permutation_of_halves(const std::array<int, kByteBits>& from_bit) {
  HalvesPermutation halves;
  std::array<int, kByteBits> now{0, 1, 2, 3, 4, 5};  // which bits of the original numbers they are
  const auto place_of = [&](int bit) { return static_cast<int>(std::ranges::find(now, bit) - now.begin()); };
  const int part = from_bit[kPart], half = from_bit[kHalf];
  // What leaves the parts begins at their last bits.
  if (half < kPart) std::swap(now[kUpperEight], now[place_of(half)]);
  if (part < kPart) std::swap(now[half < kPart ? 2 : kUpperEight], now[place_of(part)]);
  halves.parts_before = order_of<HalvesPermutation::Parts>(now, 0, kPart);
  if (half != kHalf) {
    if (half == kPart) {
      halves.words_before = exchanged_words(kUpperEight, kPart);
      std::swap(now[kUpperEight], now[kPart]);
    }
    halves.exchanges_halves = true;
    std::swap(now[kUpperEight], now[kHalf]);
  }
  if (now[kPart] != part) {
    const int place = place_of(part);
    halves.words_after = exchanged_words(place, kPart);
    std::swap(now[place], now[kPart]);
  }
  std::array<int, kByteBits> last{};
  for (int bit = 0; bit < kByteBits; ++bit) last[bit] = place_of(from_bit[bit]);
  halves.parts_after = order_of<HalvesPermutation::Parts>(last, 0, kPart);
  return halves;
}

}  // namespace

TileStep permute_step(const std::array<int, kByteBits>& from_bit) {
  TileStep step{TileStep::Kind::permute};
  for (unsigned to = 0; to < kBlockBytes; ++to) {
    unsigned from = 0;
    for (int bit = 0; bit < kByteBits; ++bit) from |= (to >> bit & 1U) << from_bit[bit];
    step.order[to] = static_cast<std::uint8_t>(from);
  }
  step.keeps_parts = from_bit[kPart] == kPart && from_bit[kHalf] == kHalf;
  step.halves = permutation_of_halves(from_bit);
  return step;
}

}  // namespace plumb
