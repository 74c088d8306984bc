#include "impls/cpu/amx.h"

#include <gtest/gtest.h>

#include <vector>

namespace plumb::cpu {
namespace {

#if defined(__x86_64__)

constexpr std::int64_t kPieces = 64, kColumns = 64 * kPieces;  // as many pieces as a row of a tile has bytes

std::int8_t digit(std::int64_t tile, std::int64_t r, std::int64_t k) {
  return static_cast<std::int8_t>((tile * 31 + r * 7 + k * 5 + k / 64) % 256 - 128);
}
std::uint8_t code(std::int64_t half, std::int64_t k, std::int64_t n) {
  return static_cast<std::uint8_t>((half * 11 + k * 3 + n * 13 + k / 64) % 256);
}

// Operands that are the same constants, so that the compiler may want to keep them in one register.
TEST(Amx, OperandsOfEqualValueDoNotMeet) {
  if (!has_amx_int8()) GTEST_SKIP() << "no AMX tiles here";
  std::vector<std::int8_t> digits[2];
  std::vector<std::uint8_t> codes[2];
  for (std::int64_t i = 0; i < 2; ++i) {
    digits[i].resize(16 * kColumns);
    codes[i].resize(16 * kColumns);
    for (std::int64_t k = 0; k < kColumns; ++k) {
      for (std::int64_t r = 0; r < 16; ++r) {
        digits[i][static_cast<std::size_t>((k / 64 * 16 + r) * 64 + k % 64)] = digit(i, r, k);
        codes[i][static_cast<std::size_t>((k / 4 * 16 + r) * 4 + k % 4)] = code(i, k, r);
      }
    }
  }
  std::vector<std::int32_t> sums[2] = {std::vector<std::int32_t>(512), std::vector<std::int32_t>(512)};
  {
    const AmxTiles tiles;
    amx_sum({{digits[0].data(), digits[1].data()}, 64, 1024}, codes[0].data(), codes[1].data(), kPieces,
            {sums[0].data(), sums[1].data()});
  }
  for (std::int64_t at = 0; at < 1024; ++at) {
    const std::int64_t tile = at / 512, half = at / 256 % 2, r = at / 16 % 16, n = at % 16;
    std::int32_t want = 0;
    for (std::int64_t k = 0; k < kColumns; ++k) want += digit(tile, r, k) * code(half, k, n);
    ASSERT_EQ(sums[tile][static_cast<std::size_t>(at % 512)], want) << at;
  }
}

#endif

}  // namespace
}  // namespace plumb::cpu
