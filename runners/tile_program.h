// Moving codes between two packed layouts by whole 64-byte blocks: what a tile's blocks go through, as a program.
//
// Inside a block the address of a code is a number of bits: `code` ones say which code of a byte, six say which byte.
// Each address bit stands for a step in the weight ("16 rows on", "one column on"). A tile is as many blocks as have
// all steps of both layouts; the bits of a block's number in the tile are address bits as well. So a pair of layouts is
// a permutation of address bits, and that is a few vector operations on all blocks of a tile. They are done in passes,
// each on a few blocks that stay in registers meanwhile.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace plumb {

inline constexpr std::int64_t kBlockBytes = 64;  ///< A line of the cache: each is read once and written once.
inline constexpr int kByteBits = 6;
inline constexpr int kMostBlockBits = 9;  ///< A tile has at most 2^9 blocks.
inline constexpr int kRegisterBits = 4;   ///< A pass keeps up to 2^4 blocks in registers.
/// Blocks are interleaved by parts of 16 bytes, as vectors of every width can.
inline constexpr std::size_t kPartBits = 4;

/// The bytes of a block in another order, in steps that vectors of half a block have instructions for: inside parts of
/// 16 bytes; words of 4 bytes inside each half; 8 bytes of the one half with 8 of the other; words; inside parts.
struct HalvesPermutation {
  using Parts = std::array<std::uint8_t, 16>;  ///< Byte i of each part becomes its byte parts[i].
  using Words = std::array<std::uint32_t, 8>;  ///< Word i of each half becomes its word words[i].
  std::optional<Parts> parts_before{}, parts_after{};
  std::optional<Words> words_before{}, words_after{};
  bool exchanges_halves = false;  ///< The upper 8 bytes of the first half's parts with the lower 8 of the second's.
};

/// One operation on the blocks of a tile.
struct TileStep {
  enum class Kind {
    map,         ///< Each byte b becomes low[b & 15] | high[b >> 4].
    flip,        ///< Each byte b becomes b ^ mask.
    add,         ///< Each byte b becomes b + mask.
    permute,     ///< Byte i of each block becomes its byte order[i].
    interleave,  ///< Exchanges byte bit 3 and bit `block_bit` of the block number, which becomes byte bit 0; former
                 ///< bits 0 to 2 move up. Bits 4 and 5 stay.
    butterfly,   ///< Exchanges bit `block_bit` of the block number with the code bit that `mask` and `shift` select.
  };
  Kind kind;
  std::array<std::uint8_t, 16> low{}, high{};
  std::array<std::uint8_t, kBlockBytes> order{};
  bool keeps_parts = false;    ///< permute: no byte leaves its 16 bytes, and all parts are permuted alike.
  HalvesPermutation halves{};  ///< permute: the same.
  int block_bit = 0;
  std::uint8_t mask = 0;  ///< flip, add; butterfly: the codes of a byte in which the exchanged bit is 0.
  int shift = 0;          ///< butterfly: distance in bits of the codes in which it is 1.
};

/// Permutes the bytes of each block: bit b of a byte's number becomes what bit from_bit[b] was.
[[nodiscard]] TileStep permute_step(const std::array<int, kByteBits>& from_bit);

/// Steps that are done on few blocks at a time: on those whose numbers differ in some block bits.
struct TilePass {
  std::vector<TileStep> steps;         ///< Their block_bit counts the bits of `bits`, not those of the tile.
  int bits;                            ///< 2^bits blocks at a time.
  std::vector<std::int64_t> together;  ///< Block numbers, those that are done at a time behind each other.
};

/// What is done to every tile.
struct TileProgram {
  int block_bits = 0;  ///< A tile has 2^block_bits blocks.
  std::vector<TilePass> passes;
  /// Bytes b of the source with refused_low[b & 15] | refused_high[b >> 4] non-zero hold a code that does not fit.
  bool checks = false;
  std::array<std::uint8_t, 16> refused_low{}, refused_high{};
  /// Codes of 8 bits instead: those outside [least, most], after `checked_after` is added, do not fit.
  bool checks_bytes = false;
  std::uint8_t checked_after = 0, least = 0, most = 255;

  /// Whether all that happens is at most one step that changes bytes where they are.
  [[nodiscard]] bool keeps_places() const;
};

/// Divides steps into passes.
[[nodiscard]] TileProgram make_tile_program(int block_bits, const std::vector<TileStep>& steps);

/// Rows of tiles that follow each other at constant distances.
struct TileRun {
  const std::uint8_t* from;         ///< Block b of tile t is at from + from_offset[b] + t * from_stride …
  std::uint8_t* to;                 ///< … and goes to to + to_offset[b] + t * to_stride.
  const std::int64_t* from_offset;  ///< 2^block_bits of them.
  const std::int64_t* to_offset;
  std::int64_t from_stride, to_stride;
  std::int64_t count;                                             ///< Of a row.
  std::int64_t rows = 1, from_row_stride = 0, to_row_stride = 0;  ///< Rows lie at these distances.
  bool bypasses_cache = false;  ///< Whether to write around the cache: for weights that are larger than it.
};

/// Moves the tiles. False if one holds a code that does not fit; what is then written is worthless.
[[nodiscard]] bool move_tiles(const TileProgram& program, const TileRun& run);

/// Makes what this thread has moved around the cache visible to others.
void finish_moving_tiles();

/// Whether this machine has vectors of 16 bytes to do it with.
[[nodiscard]] bool can_move_tiles();

}  // namespace plumb
