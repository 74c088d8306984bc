#include "reference/layout/systems.h"

namespace plumb {
namespace {

// Two codes a byte along a row, the even column in the high nibble.
BitPosition even_high(std::int64_t row, std::int64_t column, Extent padded) {
  const std::int64_t flat = row * padded.columns + column;
  return {flat / 2, flat % 2 == 0 ? 4 : 0};
}

// Blocks of `block_rows` rows x 4 columns: vectors of four words, byte b of each being column b of the block. `word`
// and `shift` say where a row of the block lies, `rows_innermost` how the vectors follow one another.
struct Blocks {
  std::int64_t block_rows;
  std::int64_t (*word)(std::int64_t row);
  int (*shift)(std::int64_t row);
  bool rows_innermost;
};

BitMap blocks(const Blocks& b) {
  return in_one_piece([b](std::int64_t row, std::int64_t column, Extent padded) {
    const std::int64_t n = row / b.block_rows, k = column / 4, r = row % b.block_rows;
    const std::int64_t vector = b.rows_innermost ? k * (padded.rows / b.block_rows) + n : n * (padded.columns / 4) + k;
    return BitPosition{vector * 16 + b.word(r) * 4 + column % 4, b.shift(r)};
  });
}

BitMap w_4x8(bool rows_innermost) {
  return blocks(
      {8, [](std::int64_t r) { return r / 2; }, [](std::int64_t r) { return r % 2 == 0 ? 0 : 4; }, rows_innermost});
}

BitMap q4_linear() {
  return blocks({8, [](std::int64_t r) { return r % 4; }, [](std::int64_t r) { return r < 4 ? 0 : 4; }, false});
}

BitMap q8_blocks() {
  return blocks({4, [](std::int64_t r) { return r; }, [](std::int64_t) { return 0; }, true});
}

// By columns; of eight rows, r and r + 4 share a byte, r in the high nibble.
BitPosition transposed(std::int64_t row, std::int64_t column, Extent padded) {
  return {column * (padded.rows / 2) + row / 8 * 4 + row % 4, row % 8 < 4 ? 4 : 0};
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
      {"et_vk.u4_even_high", "unsigned, high nibble is the even column, no padding",
       "executorch/backends/vulkan/custom_ops_lib.py: linear_qcs4w's reference (1.5.1)", 4, Encoding::unsigned_binary,
       1, 2, 0, in_one_piece(even_high)},
      {"et_vk.q4_linear_kc",
       "offset binary, 16-byte vectors of 4 columns x 8 rows, rows r and r + 4 in a byte, column blocks innermost",
       "executorch/backends/vulkan: shader pack_q4_linear_weight (cff6f4dd32e6)", 4, Encoding::offset_binary, 8, 8, 0,
       q4_linear()},
      {"et_vk.w_4x8_nc",
       "offset binary, 16-byte vectors of 4 columns x 8 rows, rows 2p and 2p + 1 in a byte, row blocks innermost",
       "executorch/backends/vulkan: shader pack_q4_linear_weight__w_4x8 (cff6f4dd32e6)", 4, Encoding::offset_binary, 8,
       8, 0, w_4x8(true)},
      {"et_vk.w_4x8_kc",
       "offset binary, 16-byte vectors of 4 columns x 8 rows, rows 2p and 2p + 1 in a byte, column blocks innermost",
       "executorch/backends/vulkan: shader pack_q4_linear_weight__w_4x8 with WEIGHT_KC (cff6f4dd32e6)", 4,
       Encoding::offset_binary, 8, 8, 0, w_4x8(false)},
      {"et_vk.q8_nc", "two's complement, 16-byte vectors of 4 columns x 4 rows, a word a row, row blocks innermost",
       "executorch/backends/vulkan: shader pack_q8_linear_weight (cff6f4dd32e6)", 8, Encoding::twos_complement, 4, 4, 0,
       q8_blocks()},
      {"et_vk.q4_transposed", "offset binary, by columns; of eight rows r and r + 4 share a byte, r in the high nibble",
       "executorch/backends/vulkan: shader pack_int4_linear_weight_transposed_interleaved (cff6f4dd32e6)", 4,
       Encoding::offset_binary, 8, 1, 0, in_one_piece(transposed)},
  };
}

}  // namespace plumb
