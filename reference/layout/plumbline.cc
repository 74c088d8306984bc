#include "reference/layout/systems.h"

namespace plumb {
namespace {

// 4-word vectors of 4 columns x 8 rows, at k4 * N8 + n8: word p, byte b holds rows 2p (low nibble) and 2p + 1, column
// b.
BitPosition blocks_4x8(std::int64_t row, std::int64_t column, Extent padded) {
  const std::int64_t vector = column / 4 * (padded.rows / 8) + row / 8;
  const std::int64_t word = row % 8 / 2;
  return {vector * 16 + word * 4 + column % 4, row % 2 == 0 ? 0 : 4};
}

// Blocks of 32 rows; per column 16 bytes, byte j holding row j (low nibble) and row j + 16: a vector load of bytes
// gives consecutive rows in its low and in its high nibbles.
BitPosition rows_32(std::int64_t row, std::int64_t column, Extent padded) {
  const std::int64_t block = row / 32, lane = row % 32;
  return {(block * padded.columns + column) * 16 + lane % 16, lane < 16 ? 0 : 4};
}

}  // namespace

std::vector<Layout> plumbline_layouts() {
  return {
      {"plumb.blocks_4x8", "offset binary, 16-byte vectors of 4 columns x 8 rows, row blocks innermost",
       "impls/vulkan/w_4x8.cc; ExecuTorch's W_4X8 in nc order, but its K is always padded to 8", 4,
       Encoding::offset_binary, 8, 4, 0, in_one_piece(blocks_4x8)},
      {"plumb.rows_32",
       "offset binary, per column 16 bytes for 32 rows: row j in the low, row j + 16 in the high nibble",
       "impls/cpu/rows_32.cc: repack_to_rows_32", 4, Encoding::offset_binary, 32, 1, 0, in_one_piece(rows_32)},
  };
}

}  // namespace plumb
