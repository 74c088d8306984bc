// Moving codes between two packed layouts by whole 16-byte blocks: what a tile's blocks go through, as a program.
//
// Inside a block the address of a code is a number of bits: `sub` ones say which code of a byte, four say which byte.
// Each address bit stands for a step in the weight ("16 rows on", "one column on"). A tile is as many blocks as have
// all steps of both layouts; the bits of a block's number in the tile are address bits as well. So a pair of layouts is
// a permutation of address bits, and that is a few vector operations on all blocks of a tile.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace plumb {

inline constexpr std::int64_t kBlockBytes = 16;
inline constexpr int kMostBlockBits = 6;  ///< A tile has at most 2^6 blocks.

/// One operation on the blocks of a tile.
struct TileStep {
  enum class Kind {
    map,         ///< Each byte b becomes low[b & 15] | high[b >> 4].
    add,         ///< Each byte b becomes b + low[0].
    shuffle,     ///< Byte i of each block becomes its byte low[i].
    interleave,  ///< Exchanges the highest byte bit and bit `block_bit` of the block number; moves the former lowest.
    butterfly,   ///< Exchanges bit `block_bit` of the block number with the code bit that `mask` and `shift` select.
  };
  Kind kind;
  std::array<std::uint8_t, 16> low{}, high{};
  int block_bit = 0;
  std::uint8_t mask = 0;  ///< butterfly: the codes of a byte in which the exchanged bit is 0.
  int shift = 0;          ///< butterfly: distance in bits of the codes in which it is 1.
};

/// What is done to every tile.
struct TileProgram {
  int block_bits = 0;  ///< A tile has 2^block_bits blocks.
  std::vector<TileStep> steps;
  /// Bytes b of the source with refused_low[b & 15] | refused_high[b >> 4] non-zero hold a code that does not fit.
  bool checks = false;
  std::array<std::uint8_t, 16> refused_low{}, refused_high{};
  /// Codes of 8 bits instead: those outside [least, most], after `checked_after` is added, do not fit.
  bool checks_bytes = false;
  std::uint8_t checked_after = 0, least = 0, most = 255;
};

/// Tiles that follow each other at constant distances.
struct TileRun {
  const std::uint8_t* from;         ///< Block b of tile t is at from + from_offset[b] + t * from_stride …
  std::uint8_t* to;                 ///< … and goes to to + to_offset[b] + t * to_stride.
  const std::int64_t* from_offset;  ///< 2^block_bits of them.
  const std::int64_t* to_offset;
  std::int64_t from_stride, to_stride;
  std::int64_t count;
  bool bypasses_cache = false;  ///< Whether to write around the cache: for weights that are larger than it.
};

/// Moves the tiles. False if one holds a code that does not fit; what is then written is worthless.
[[nodiscard]] bool move_tiles(const TileProgram& program, const TileRun& run);

/// Makes what this thread has moved around the cache visible to others.
void finish_moving_tiles();

/// Whether this machine has vectors of 16 bytes to do it with.
[[nodiscard]] bool can_move_tiles();

}  // namespace plumb
