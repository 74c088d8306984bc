// What the kernels that repack a weight to blocks share: where blocks go.
#pragma once

#include <cstdint>

namespace plumb::cpu {

/// Blocks of rows, each of which is written column by column as vectors of four elements.
struct BlockShape {
  std::int64_t rows;           ///< Of the weight.
  std::int64_t row_bytes;      ///< Of a row of the weight.
  std::int64_t block_count;    ///< Blocks of rows.
  std::int64_t vector_stride;  ///< Bytes of output from one vector to the next of the same block.
  std::int64_t block_stride;   ///< Bytes of output from one block's vector to the next block's.
};

/// Bytes of a row that are worked through at a time: so few that the streams made of them stay in the cache.
inline constexpr std::int64_t kTileBytes = 128;

/// Tiles of all blocks. Tile t is bytes (t / block_count) * kTileBytes ... of the rows of block t % block_count.
[[nodiscard]] constexpr std::int64_t tile_count(const BlockShape& shape) {
  return (shape.row_bytes + kTileBytes - 1) / kTileBytes * shape.block_count;
}

}  // namespace plumb::cpu
