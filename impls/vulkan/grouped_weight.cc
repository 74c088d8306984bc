#include "impls/vulkan/grouped_weight.h"

#include <algorithm>

namespace plumb::vulkan {

std::int64_t column_blocks(const WeightSource& weight) { return (weight.columns + 7) / 8 * 2; }
std::int64_t row_blocks(const WeightSource& weight) { return (weight.rows + 7) / 8; }

std::vector<std::uint32_t> block_words(const WeightSource& weight) {
  const std::int64_t k_blocks = column_blocks(weight), n_blocks = row_blocks(weight), per_word = 8 / weight.bits;
  std::vector<std::uint32_t> words(static_cast<std::size_t>(k_blocks * n_blocks * weight.bits));
  for (std::int64_t n = 0; n < 8 * n_blocks; ++n) {
    for (std::int64_t k = 0; k < 4 * k_blocks; ++k) {
      const bool is_padding = n >= weight.rows || k >= weight.columns;
      const std::uint32_t code = is_padding ? (weight.bits == 4 ? 8 : 0) : weight.code(n, k);
      const std::int64_t word = (k / 4 * n_blocks + n / 8) * weight.bits + n % 8 / per_word;
      words[static_cast<std::size_t>(word)] |= code << (8 * (k % 4) + n % per_word * weight.bits);
    }
  }
  return words;
}

GridRows grid_rows(const WeightSource& weight, const std::vector<float>& bias) {
  const std::int64_t stride = 8 * row_blocks(weight), groups = weight.columns / weight.group;
  const std::int64_t padded_groups = (4 * column_blocks(weight) + weight.group - 1) / weight.group;
  GridRows rows{std::vector<float>(static_cast<std::size_t>((2 * padded_groups + 1) * stride)), padded_groups,
                2 * padded_groups};
  for (std::int64_t n = 0; n < weight.rows; ++n) {
    for (std::int64_t g = 0; g < groups; ++g) {
      rows.values[static_cast<std::size_t>(g * stride + n)] = weight.scale(n, g);
      if (weight.zero) rows.values[static_cast<std::size_t>((padded_groups + g) * stride + n)] = weight.zero(n, g);
    }
  }
  std::ranges::copy(bias, rows.values.end() - stride);
  return rows;
}

}  // namespace plumb::vulkan
