#include "impls/cpu/rows_32.h"

namespace plumb::cpu {

std::vector<std::uint8_t> repack_to_rows_32(Extent extent, std::span<const std::uint8_t> q4gsw) {
  const std::int64_t blocks = (extent.rows + kBlockRows - 1) / kBlockRows;
  const auto stride = static_cast<std::int64_t>(q4gsw.size()) / extent.rows;
  std::vector<std::uint8_t> packed(static_cast<std::size_t>(blocks * extent.columns * 16));
  const auto nibble = [&](std::int64_t n, std::int64_t k) -> unsigned {
    if (n >= extent.rows) return 8;
    return q4gsw[static_cast<std::size_t>(n * stride + k / 2)] >> (k % 2 * 4) & 15U;
  };
  for (std::int64_t block = 0; block < blocks; ++block) {
    for (std::int64_t k = 0; k < extent.columns; ++k) {
      for (std::int64_t j = 0; j < 16; ++j) {
        const std::int64_t n = block * kBlockRows + j;
        packed[static_cast<std::size_t>((block * extent.columns + k) * 16 + j)] =
            static_cast<std::uint8_t>(nibble(n, k) | nibble(n + 16, k) << 4);
      }
    }
  }
  return packed;
}

}  // namespace plumb::cpu
