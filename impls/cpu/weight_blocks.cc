// pack_q4_linear_weight, pack_w_4x8, pack_q8_linear_weight and pack_int4_transposed. Rows are first paired to streams
// of one byte a column, then four streams are woven into vectors.

#include "impls/cpu/weight_blocks.h"

#include "impls/cpu/kernels.h"
#include "impls/cpu/parallel.h"
#include "impls/cpu/streamed.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/weight_blocks.cc"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "impls/cpu/interleave4-inl.h"
#include "impls/cpu/streamed-inl.h"
#include "impls/cpu/transpose-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// How eight rows of nibbles become four streams: stream i holds row low[i] in the low, high[i] in the high nibbles.
struct NeighbourRows {
  using Element = uint32_t;  // four columns
  static constexpr int kLow[4] = {0, 2, 4, 6}, kHigh[4] = {1, 3, 5, 7};
  static constexpr bool kEvenLow = true;  // where the even columns come from
};
struct RowsFourApart {
  using Element = uint32_t;
  static constexpr int kLow[4] = {0, 1, 2, 3}, kHigh[4] = {4, 5, 6, 7};
  static constexpr bool kEvenLow = true;
};
struct TransposedRows {
  static constexpr int kLow[4] = {4, 5, 6, 7}, kHigh[4] = {0, 1, 2, 3};
  static constexpr bool kEvenLow = false;
};

// stream[k] = nibble k of `low` | nibble k of `high` << 4, for the 2 * bytes columns of two rows.
template <bool kEvenLow>
HWY_INLINE void PairRows(const uint8_t* low, const uint8_t* high, uint8_t* stream, int64_t bytes) {
  const hn::ScalableTag<uint8_t> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto fifteen = hn::Set(d, 15);
  int64_t i = 0;
  for (; i + lanes <= bytes; i += lanes) {
    const auto l = hn::LoadU(d, low + i), h = hn::LoadU(d, high + i);
    const auto low_nibbles = hn::Or(hn::And(l, fifteen), hn::ShiftLeft<4>(h));
    const auto high_nibbles = hn::Or(hn::ShiftRight<4>(l), hn::AndNot(fifteen, h));
    hn::StoreInterleaved2(kEvenLow ? low_nibbles : high_nibbles, kEvenLow ? high_nibbles : low_nibbles, d,
                          stream + 2 * i);
  }
  for (; i < bytes; ++i) {
    stream[2 * i + (kEvenLow ? 0 : 1)] = static_cast<uint8_t>((low[i] & 15) | high[i] << 4);
    stream[2 * i + (kEvenLow ? 1 : 0)] = static_cast<uint8_t>(low[i] >> 4 | (high[i] & 0xf0));
  }
}

// Asks for what comes next of a block's rows: they are too many and too short pieces for the CPU to foresee.
HWY_INLINE void PrefetchRows(const uint8_t* weight, const BlockShape& shape, int64_t first, int64_t rows,
                             int64_t begin) {
  const int64_t end = HWY_MIN(begin + kTileBytes, shape.row_bytes);
  for (int64_t n = first; n < HWY_MIN(first + rows, shape.rows); ++n) {
    for (int64_t i = begin; i < end; i += kLineBytes) hwy::Prefetch(weight + n * shape.row_bytes + i);
  }
}

// Lines of `width` bytes that lie side by side in `gathered` go where a block's vectors go.
HWY_INLINE void WriteLines(const BlockShape& shape, const uint8_t* gathered, int64_t width, uint8_t* to,
                           int64_t lines) {
  for (int64_t i = 0; i < lines; ++i) {
    if (shape.streamed) {
      StreamBytes(gathered + i * width, to + i * shape.vector_stride, width);
    } else {
      std::memcpy(to + i * shape.vector_stride, gathered + i * width, static_cast<size_t>(width));
    }
  }
}

// Calls pack(block, to, stride) for each block of a tile: it writes the block's vectors `stride` bytes apart. Where
// blocks' vectors lie side by side, they are gathered first, and then written as whole cache lines.
template <class PackBlock>
HWY_INLINE void ForBlocks(const BlockShape& shape, int64_t tile, uint8_t* to, int64_t vectors, const PackBlock& pack) {
  const int64_t first = tile / tiles_of_row(shape) * shape.blocks_of_tile;
  const int64_t last = HWY_MIN(first + shape.blocks_of_tile, shape.block_count);
  to += first * shape.block_stride;
  if (shape.blocks_of_tile == 1) return pack(first, to, shape.vector_stride);
  HWY_ALIGN uint8_t gathered[kMaxTileOutput];
  const int64_t width = (last - first) * shape.block_stride;
  for (int64_t block = first; block < last; ++block)
    pack(block, gathered + (block - first) * shape.block_stride, width);
  WriteLines(shape, gathered, width, to, vectors);
}

// Tiles [first, last) of a 4-bit weight.
template <class Format>
HWY_INLINE void PackTiles(const uint8_t* weight, uint8_t* out, const BlockShape& shape, int64_t first, int64_t last) {
  using Element = typename Format::Element;
  constexpr auto kSize = static_cast<int64_t>(sizeof(Element));
  HWY_ALIGN uint8_t streams[4][2 * kTileBytes];
  uint8_t missing[kTileBytes];  // a row of code 0
  std::memset(missing, 0x88, sizeof missing);
  for (int64_t tile = first; tile < last; ++tile) {
    const int64_t begin = tile % tiles_of_row(shape) * kTileBytes;
    const int64_t bytes = HWY_MIN(kTileBytes, shape.row_bytes - begin), vectors = 2 * bytes / kSize;
    const auto pack = [&](int64_t block, uint8_t* to, int64_t stride) {
      PrefetchRows(weight, shape, 8 * block, 8, begin + kTileBytes);
      const auto row = [&](int r) {
        const int64_t n = 8 * block + r;
        return n < shape.rows ? weight + n * shape.row_bytes + begin : missing;
      };
      for (int s = 0; s < 4; ++s) {
        PairRows<Format::kEvenLow>(row(Format::kLow[s]), row(Format::kHigh[s]), streams[s], bytes);
      }
      Interleave4<Element>({{streams[0], streams[1], streams[2], streams[3]}}, to, stride, vectors);
    };
    ForBlocks(shape, tile, out + 2 * begin / kSize * shape.vector_stride, vectors, pack);
  }
}

void PackNeighbourRows(const uint8_t* weight, uint8_t* out, const BlockShape& shape, int64_t first, int64_t last) {
  PackTiles<NeighbourRows>(weight, out, shape, first, last);
}

void PackRowsFourApart(const uint8_t* weight, uint8_t* out, const BlockShape& shape, int64_t first, int64_t last) {
  PackTiles<RowsFourApart>(weight, out, shape, first, last);
}

// Columns become rows: all streams of a tile, of which each block has four, are transposed together.
void PackTransposed(const uint8_t* weight, uint8_t* out, const BlockShape& shape, int64_t first, int64_t last) {
  using Format = TransposedRows;
  constexpr int64_t kColumns = 2 * kTileBytes;
  HWY_ALIGN uint8_t streams[kTransposedStreams * kColumns], gathered[kTransposedStreams * kColumns];
  for (int64_t tile = first; tile < last; ++tile) {
    const int64_t begin = tile % tiles_of_row(shape) * kTileBytes;
    const int64_t bytes = HWY_MIN(kTileBytes, shape.row_bytes - begin);
    const int64_t block = tile / tiles_of_row(shape) * shape.blocks_of_tile;
    const int64_t blocks = HWY_MIN(shape.blocks_of_tile, shape.block_count - block), width = 4 * blocks;
    for (int64_t b = 0; b < blocks; ++b) {
      const uint8_t* rows = weight + 8 * (block + b) * shape.row_bytes + begin;
      PrefetchRows(weight, shape, 8 * (block + b), 8, begin + kTileBytes);
      for (int s = 0; s < 4; ++s) {
        PairRows<Format::kEvenLow>(rows + Format::kLow[s] * shape.row_bytes, rows + Format::kHigh[s] * shape.row_bytes,
                                   streams + (4 * b + s) * kColumns, bytes);
      }
    }
    Transpose<uint8_t>(streams, kColumns, gathered, width, width, 2 * bytes);
    WriteLines(shape, gathered, width, out + 2 * begin * shape.vector_stride + 4 * block, 2 * bytes);
  }
}

// Tiles of an 8-bit weight, whose rows are streams already.
void PackBytes(const uint8_t* weight, uint8_t* out, const BlockShape& shape, int64_t first, int64_t last) {
  const uint8_t missing[kTileBytes] = {};
  for (int64_t tile = first; tile < last; ++tile) {
    const int64_t begin = tile % tiles_of_row(shape) * kTileBytes;
    const int64_t vectors = HWY_MIN(kTileBytes, shape.row_bytes - begin) / 4;
    const auto pack = [&](int64_t block, uint8_t* to, int64_t stride) {
      PrefetchRows(weight, shape, 4 * block, 4, begin + kTileBytes);
      Streams4 rows{};
      for (int r = 0; r < 4; ++r) {
        const int64_t n = 4 * block + r;
        rows.at[r] = n < shape.rows ? weight + n * shape.row_bytes + begin : missing;
      }
      Interleave4<uint32_t>(rows, to, stride, vectors);
    };
    ForBlocks(shape, tile, out + begin / 4 * shape.vector_stride, vectors, pack);
  }
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {
namespace {

HWY_EXPORT(PackNeighbourRows);
HWY_EXPORT(PackRowsFourApart);
HWY_EXPORT(PackTransposed);
HWY_EXPORT(PackBytes);

using PackFunction = decltype(HWY_STATIC_DISPATCH(PackBytes))*;

constexpr std::int64_t kVectorBytes = 16;

// Whether an output, whose tiles lie far apart, does not stay in the caches.
bool is_strided(const Call& call) {
  return call.output_count() * info(call.output_dtype()).size_bytes >= std::int64_t{1} << 20;
}

// Vectors of blocks of `block_rows` rows: the next block's follows (row blocks innermost), or the same block's next.
BlockShape block_shape(const Call& call, std::int64_t block_rows, std::int64_t columns_of_a_byte, bool rows_innermost) {
  const std::int64_t blocks = (call["N"] + block_rows - 1) / block_rows, k_blocks = call["K"] / 4;
  if (rows_innermost) {
    return {call["N"],    call["K"] / columns_of_a_byte, blocks,          blocks * kVectorBytes,
            kVectorBytes, 4 * kLineBytes / kVectorBytes, is_strided(call)};
  }
  return {call["N"], call["K"] / columns_of_a_byte, blocks, kVectorBytes, k_blocks * kVectorBytes, 1, false};
}

void run(const Call& call, PackFunction pack, const BlockShape& shape) {
  if (call.output_count() == 0) return;
  const std::uint8_t* weight = call.input<std::uint8_t>(0).data();
  std::uint8_t* out = call.output<std::uint8_t>().data();
  constexpr std::int64_t kTilesOfAPiece = 64;  // so that no thread has so little to do that starting it costs more
  const std::int64_t tiles = tile_count(shape);
  parallel_ranges((tiles + kTilesOfAPiece - 1) / kTilesOfAPiece, call.threads(),
                  [&](std::int64_t first, std::int64_t last) {
                    pack(weight, out, shape, first * kTilesOfAPiece, std::min(last * kTilesOfAPiece, tiles));
                    if (shape.streamed) end_stream();
                  });
}

}  // namespace

Kernel pack_q4_linear_weight(const Target& target) {
  const PackFunction pack = PLUMB_FOR_TARGET(PackRowsFourApart, target);
  return {"pack_q4_linear_weight", kExactContract, {}, [pack](const Call& call, void*) {
            run(call, pack, block_shape(call, 8, 2, false));
          }};
}

Kernel pack_w_4x8(const Target& target) {
  const PackFunction pack = PLUMB_FOR_TARGET(PackNeighbourRows, target);
  return {"pack_w_4x8", kExactContract, {}, [pack](const Call& call, void*) {
            run(call, pack, block_shape(call, 8, 2, call["order"] == 0));
          }};
}

Kernel pack_q8_linear_weight(const Target& target) {
  const PackFunction pack = PLUMB_FOR_TARGET(PackBytes, target);
  return {"pack_q8_linear_weight", kExactContract, {}, [pack](const Call& call, void*) {
            run(call, pack, block_shape(call, 4, 1, true));
          }};
}

Kernel pack_int4_transposed(const Target& target) {
  const PackFunction pack = PLUMB_FOR_TARGET(PackTransposed, target);
  return {"pack_int4_transposed", kExactContract, {}, [pack](const Call& call, void*) {
            run(call, pack,
                {call["N"], call["K"] / 2, call["N"] / 8, call["N"] / 2, 4, kTransposedStreams / 4, is_strided(call)});
          }};
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
