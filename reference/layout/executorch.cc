#include "reference/layout/systems.h"

namespace plumb {
namespace {

// Two codes a byte along a row, the even column in the high nibble.
BitPosition even_high(std::int64_t row, std::int64_t column, Extent padded) {
  const std::int64_t flat = row * padded.columns + column;
  return {flat / 2, flat % 2 == 0 ? 4 : 0};
}

}  // namespace

std::vector<Layout> executorch_layouts() {
  return {
      {"et_vk.q4gsw", "offset binary, low nibble is the even column, columns padded to 8 with code 0 (byte 0x88)",
       "executorch/backends/vulkan: pack_4bit_weight_tensor (1.5.1)", 4, Encoding::offset_binary, 1, 8, 0,
       row_by_row(4)},
      {"et_vk.q4_even_low", "offset binary, low nibble is the even column, no padding",
       "executorch/backends/vulkan: embedding_q4gsw with is_linear_weight (1.5.1)", 4, Encoding::offset_binary, 1, 2, 0,
       row_by_row(4)},
      {"et_vk.q4_even_high", "offset binary, high nibble is the even column, no padding",
       "executorch: quantized_decomposed.embedding_4bit (1.5.1)", 4, Encoding::offset_binary, 1, 2, 0,
       in_one_piece(even_high)},
  };
}

}  // namespace plumb
