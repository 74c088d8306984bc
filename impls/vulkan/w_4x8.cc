#include "impls/vulkan/w_4x8.h"

#include "reference/error.h"

namespace plumb::vulkan {
namespace {

constexpr std::uint8_t kZeroCodes = 0x88;  // two codes 0 in offset binary

}  // namespace

std::vector<std::uint8_t> repack_to_w_4x8(Extent extent, std::span<const std::uint8_t> q4gsw) {
  const std::int64_t row_bytes = (extent.columns + 7) / 8 * 4;
  PLUMB_CHECK(static_cast<std::int64_t>(q4gsw.size()) == extent.rows * row_bytes);
  const std::int64_t k_blocks = (extent.columns + 7) / 8 * 2, n_blocks = (extent.rows + 7) / 8;
  std::vector<std::uint8_t> blocks(static_cast<std::size_t>(k_blocks * n_blocks * 16), kZeroCodes);
  for (std::int64_t n = 0; n < extent.rows; n += 2) {
    const std::uint8_t* even_row = q4gsw.data() + n * row_bytes;
    const std::uint8_t* odd_row = n + 1 < extent.rows ? even_row + row_bytes : nullptr;
    // Word p = n % 8 / 2 of each block: byte b holds rows n (low nibble) and n + 1 of column 4 k4 + b.
    std::uint8_t* const words = blocks.data() + n / 8 * 16 + n % 8 / 2 * 4;
    for (std::int64_t k = 0; k < extent.columns; ++k) {
      const int shift = k % 2 == 0 ? 0 : 4;
      const int even_code = even_row[k / 2] >> shift & 15;
      const int odd_code = odd_row == nullptr ? 8 : odd_row[k / 2] >> shift & 15;
      words[k / 4 * n_blocks * 16 + k % 4] = static_cast<std::uint8_t>(even_code | odd_code << 4);
    }
  }
  return blocks;
}

}  // namespace plumb::vulkan
