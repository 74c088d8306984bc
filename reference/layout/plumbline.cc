#include "reference/layout/systems.h"

namespace plumb {
namespace {

// Blocks of eight rows follow each other; in a block, chunks of 128 columns; in a chunk, 16 words for each row; word i
// holds columns i, i + 16, …, i + 112 of the chunk, the lowest bits first: shifting a vector of words by 4 j bits
// leaves 16 consecutive columns in their lowest bits.
BitPosition rows_8(std::int64_t row, std::int64_t column, Extent padded) {
  const std::int64_t chunk = row / 8 * (padded.columns / 128) + column / 128;
  const std::int64_t word = (chunk * 8 + row % 8) * 16 + column % 16, place = column % 128 / 16;
  return {word * 4 + place / 2, place % 2 == 0 ? 0 : 4};
}

}  // namespace

std::vector<Layout> plumbline_layouts() {
  return {
      {"plumb.rows_8",
       "offset binary, for 128 columns of 8 rows 16 words each, word i holding columns i, i + 16, …, lowest bits first",
       "impls/cpu/grouped_weight.h", 4, Encoding::offset_binary, 8, 128, 0, in_one_piece(rows_8)},
  };
}

}  // namespace plumb
