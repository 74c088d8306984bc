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
  /// Blocks that a tile holds: some cache lines' worth of vectors, where blocks' vectors lie side by side, else 1.
  std::int64_t blocks_of_tile;
  /// Bytes of a row that a tile holds: so few that the streams made of its blocks' rows stay in the nearest cache.
  std::int64_t tile_bytes;
  bool streamed;  ///< Tiles of several blocks are written past the caches.
};

inline constexpr std::int64_t kLineBytes = 64;
/// Bytes that tiles of blocks whose vectors lie side by side write in one place: some cache lines, as one after the
/// other is written faster than one here and one there.
inline constexpr std::int64_t kTileLineBytes = 4 * kLineBytes;
/// Bytes of a row that any tile holds at most.
inline constexpr std::int64_t kMostTileBytes = 256;
/// Bytes of all streams of a tile, of which there are four a block, each of one byte a column.
inline constexpr std::int64_t kStreamsBytes = 1 << 15;

/// Bytes from one of a tile's streams to the next: as many as a row of a tile has columns, which are one or two a byte.
[[nodiscard]] constexpr std::int64_t stream_bytes_of(const BlockShape& shape) { return 2 * shape.tile_bytes; }

/// Tiles side by side along the rows.
[[nodiscard]] constexpr std::int64_t tiles_of_row(const BlockShape& shape) {
  return (shape.row_bytes + shape.tile_bytes - 1) / shape.tile_bytes;
}

/// Tiles in all. Tile t is bytes (t % tiles_of_row) * tile_bytes ... of the rows of `blocks_of_tile` blocks, the first
/// of which is t / tiles_of_row * blocks_of_tile: the next tile lies in the same pages of memory.
[[nodiscard]] constexpr std::int64_t tile_count(const BlockShape& shape) {
  return (shape.block_count + shape.blocks_of_tile - 1) / shape.blocks_of_tile * tiles_of_row(shape);
}

}  // namespace plumb::cpu
