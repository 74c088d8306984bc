#include "reference/layout/systems.h"

namespace plumb {
namespace {

// Blocks of 32 rows; per column 16 bytes, byte j holding row j (low nibble) and row j + 16: a vector load of bytes
// gives consecutive rows in its low and in its high nibbles.
BitPosition rows_32(std::int64_t row, std::int64_t column, Extent padded) {
  const std::int64_t block = row / 32, lane = row % 32;
  return {(block * padded.columns + column) * 16 + lane % 16, lane < 16 ? 0 : 4};
}

}  // namespace

std::vector<Layout> plumbline_layouts() {
  return {
      {"plumb.rows_32",
       "offset binary, per column 16 bytes for 32 rows: row j in the low, row j + 16 in the high nibble",
       "impls/cpu/rows_32.cc: repack_to_rows_32", 4, Encoding::offset_binary, 32, 1, 0, in_one_piece(rows_32)},
  };
}

}  // namespace plumb
