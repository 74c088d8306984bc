// The constant inputs of a linear layer with low-bit weights, as the grouped_linear shaders read them.
#pragma once

#include <cstdint>
#include <vector>

#include "impls/linear_source.h"

namespace plumb::vulkan {

/// Columns come in blocks of four, and these in twos; rows in blocks of eight.
[[nodiscard]] std::int64_t column_blocks(const WeightSource& weight);
[[nodiscard]] std::int64_t row_blocks(const WeightSource& weight);

/// Codes in blocks of four columns x eight rows, row blocks innermost: `bits` words a block. Byte b of word p holds
/// column b of 8 / bits rows, the first in its lowest bits: et_vk.w_4x8_nc for 4 bits. Padding is what code 0 of 4 bits
/// in offset binary is, 8; any would do, as its activation or its scale is zero.
[[nodiscard]] std::vector<std::uint32_t> block_words(const WeightSource& weight);

/// Rows [8 row_blocks] of f32: scales of each group, zero points of each group, and the bias, zero if there is none.
/// Groups that only padding belongs to are there, too.
struct GridRows {
  std::vector<float> values;
  std::int64_t zero_row, bias_row;
};
[[nodiscard]] GridRows grid_rows(const WeightSource& weight, const std::vector<float>& bias);

}  // namespace plumb::vulkan
