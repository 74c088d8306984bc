// pack_q4_linear_weight, pack_w_4x8, pack_q8_linear_weight and pack_int4_transposed. Rows are first paired to streams
// of one byte a column, then four streams are woven into vectors, or those of several blocks transposed.

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

// stream[k] = nibble k of `low` | nibble k of `high` << 4, for the 2 * bytes columns of two rows; or, if columns are
// split, those of the even ones, and after them those of the odd ones.
template <bool kEvenLow, bool kSplitsColumns>
HWY_INLINE void PairRows(const uint8_t* low, const uint8_t* high, uint8_t* stream, int64_t bytes) {
  const hn::ScalableTag<uint8_t> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto fifteen = hn::Set(d, 15);
  int64_t i = 0;
  for (; i + lanes <= bytes; i += lanes) {
    const auto l = hn::LoadU(d, low + i), h = hn::LoadU(d, high + i);
    const auto low_nibbles = hn::Or(hn::And(l, fifteen), hn::ShiftLeft<4>(h));
    const auto high_nibbles = hn::Or(hn::ShiftRight<4>(l), hn::AndNot(fifteen, h));
    const auto even = kEvenLow ? low_nibbles : high_nibbles, odd = kEvenLow ? high_nibbles : low_nibbles;
    if (kSplitsColumns) {
      hn::StoreU(even, d, stream + i);
      hn::StoreU(odd, d, stream + bytes + i);
    } else {
      hn::StoreInterleaved2(even, odd, d, stream + 2 * i);
    }
  }
  const int64_t step = kSplitsColumns ? 1 : 2, to_odd = kSplitsColumns ? bytes : 1;
  for (; i < bytes; ++i) {
    stream[step * i + (kEvenLow ? 0 : to_odd)] = static_cast<uint8_t>((low[i] & 15) | high[i] << 4);
    stream[step * i + (kEvenLow ? to_odd : 0)] = static_cast<uint8_t>(low[i] >> 4 | (high[i] & 0xf0));
  }
}

// How rows of a block become four streams of one byte a column. Of eight rows of nibbles, stream i holds row kLow[i] in
// the low, kHigh[i] in the high nibbles; missing rows have code 0. A stream is one run of all columns, or one of the
// even ones and one of the odd ones.
template <class Rows>
struct NibbleRows {
  static constexpr int64_t kRows = 8, kColumnsOfByte = 2;
  static constexpr uint8_t kMissing = 0x88;

  static HWY_INLINE void MakeStreams(const uint8_t* const* rows, int64_t bytes, uint8_t* streams, int64_t stride) {
    for (int s = 0; s < 4; ++s) {
      PairRows<Rows::kEvenLow, Rows::kRuns == 2>(rows[Rows::kLow[s]], rows[Rows::kHigh[s]], streams + s * stride,
                                                 bytes);
    }
  }
};
struct NeighbourRows : NibbleRows<NeighbourRows> {
  using Element = uint32_t;  // four columns
  static constexpr int kLow[4] = {0, 2, 4, 6}, kHigh[4] = {1, 3, 5, 7};
  static constexpr bool kEvenLow = true;  // where the even columns come from
  static constexpr int64_t kRuns = 1;
};
struct RowsFourApart : NibbleRows<RowsFourApart> {
  using Element = uint32_t;
  static constexpr int kLow[4] = {0, 1, 2, 3}, kHigh[4] = {4, 5, 6, 7};
  static constexpr bool kEvenLow = true;
  static constexpr int64_t kRuns = 1;
};
struct TransposedRows : NibbleRows<TransposedRows> {
  using Element = uint8_t;
  static constexpr int kLow[4] = {4, 5, 6, 7}, kHigh[4] = {0, 1, 2, 3};
  static constexpr bool kEvenLow = false;
  static constexpr int64_t kRuns = 2;
};
// Rows of 8-bit codes are streams already.
struct ByteRows {
  using Element = uint32_t;
  static constexpr int64_t kRows = 4, kColumnsOfByte = 1;
  static constexpr uint8_t kMissing = 0;
  static constexpr int64_t kRuns = 1;

  static HWY_INLINE void MakeStreams(const uint8_t* const* rows, int64_t bytes, uint8_t* streams, int64_t stride) {
    const hn::ScalableTag<uint8_t> d;
    const auto lanes = static_cast<int64_t>(hn::Lanes(d));
    for (int s = 0; s < 4; ++s) {
      int64_t i = 0;
      for (; i + lanes <= bytes; i += lanes) hn::StoreU(hn::LoadU(d, rows[s] + i), d, streams + s * stride + i);
      for (; i < bytes; ++i) streams[s * stride + i] = rows[s][i];
    }
  }
};

// Asks for what comes next of a block's rows: they are too many and too short pieces for the CPU to foresee.
HWY_INLINE void PrefetchRows(const uint8_t* weight, const BlockShape& shape, int64_t first, int64_t last,
                             int64_t begin) {
  const int64_t end = HWY_MIN(begin + shape.tile_bytes, shape.row_bytes);
  for (int64_t n = first; n < HWY_MIN(last, shape.rows); ++n) {
    for (int64_t i = begin; i < end; i += kLineBytes) hwy::Prefetch(weight + n * shape.row_bytes + i);
  }
}

// Lines of `width` bytes that lie side by side in `gathered` go to places `stride` bytes apart.
HWY_INLINE void WriteLines(const BlockShape& shape, const uint8_t* gathered, int64_t width, uint8_t* to, int64_t stride,
                           int64_t lines) {
  for (int64_t i = 0; i < lines; ++i) {
    if (shape.streamed) {
      StreamBytes(gathered + i * width, to + i * stride, width);
    } else {
      std::memcpy(to + i * stride, gathered + i * width, static_cast<size_t>(width));
    }
  }
}

// The part of the weight that a tile is.
struct TilePlace {
  TilePlace(const BlockShape& shape, int64_t tile)
      : begin(tile % tiles_of_row(shape) * shape.tile_bytes),
        bytes(HWY_MIN(shape.tile_bytes, shape.row_bytes - begin)),
        block(tile / tiles_of_row(shape) * shape.blocks_of_tile),
        blocks(HWY_MIN(shape.blocks_of_tile, shape.block_count - block)) {}
  int64_t begin, bytes;   // of each row
  int64_t block, blocks;  // the first, and how many
};

// Makes the four streams of one of a tile's blocks.
template <class Format>
HWY_INLINE void MakeStreams(const uint8_t* weight, const BlockShape& shape, const TilePlace& at, int64_t block,
                            uint8_t* streams) {
  alignas(64) uint8_t missing[kMostTileBytes];
  const int64_t first = Format::kRows * block;
  if (first + Format::kRows > shape.rows) std::memset(missing, Format::kMissing, sizeof missing);
  PrefetchRows(weight, shape, first, first + Format::kRows, at.begin + shape.tile_bytes);
  const uint8_t* rows[Format::kRows];
  for (int64_t n = first; n < first + Format::kRows; ++n) {
    rows[n - first] = n < shape.rows ? weight + n * shape.row_bytes + at.begin : missing;
  }
  Format::MakeStreams(rows, at.bytes, streams, stream_bytes_of(shape));
}

// Tiles [first, last) of blocks that lie one behind the other: four streams are woven.
template <class Format>
HWY_INLINE void WeaveStreams(const uint8_t* weight, uint8_t* out, const BlockShape& shape, int64_t first,
                             int64_t last) {
  using Element = typename Format::Element;
  HWY_ALIGN uint8_t streams[kStreamsBytes];
  const int64_t stride = stream_bytes_of(shape);
  for (int64_t tile = first; tile < last; ++tile) {
    const TilePlace at(shape, tile);
    const int64_t elements = Format::kColumnsOfByte * at.bytes / int64_t{sizeof(Element)};
    const int64_t element = Format::kColumnsOfByte * at.begin / int64_t{sizeof(Element)};
    MakeStreams<Format>(weight, shape, at, at.block, streams);
    Interleave4<Element>({{streams, streams + stride, streams + 2 * stride, streams + 3 * stride}},
                         out + at.block * shape.block_stride + element * shape.vector_stride, shape.vector_stride,
                         elements);
  }
}

// Column i of the streams becomes a vector of `count` elements at to + i * stride, for i in [0, columns): vectors are
// put together and then written as whole cache lines.
template <typename Element>
HWY_INLINE void TransposeRun(const BlockShape& shape, const uint8_t* streams, int64_t count, int64_t columns,
                             uint8_t* to, int64_t stride) {
  constexpr int64_t kSize = sizeof(Element);
  const auto* from = reinterpret_cast<const Element*>(streams);
  const int64_t from_stride = stream_bytes_of(shape) / kSize;
  if constexpr (kSize == 4) {
    // So few columns are transposed at a time that lines of one follow each other closely as they are.
    const bool lines = (reinterpret_cast<uintptr_t>(to) | static_cast<uintptr_t>(stride | count * kSize)) % 64 == 0;
    if (kMostBlocks<Element> == 4 && shape.streamed && lines) {
      Transpose<Element, 16, Stores::streamed>(from, from_stride, reinterpret_cast<Element*>(to), stride / kSize, count,
                                               columns);
      return;
    }
  }
  // Few enough that lines are written while later ones are made.
  constexpr int64_t kTogether = 16;
  HWY_ALIGN uint8_t gathered[kTogether * kTileLineBytes];
  for (int64_t i = 0; i < columns; i += kTogether) {
    const int64_t lines = HWY_MIN(kTogether, columns - i);
    Transpose(from + i, from_stride, reinterpret_cast<Element*>(gathered), count, count, lines);
    WriteLines(shape, gathered, count * kSize, to + i * stride, stride, lines);
  }
}

// Tiles [first, last) of blocks whose vectors lie side by side: the elements of all streams of a tile are transposed
// together.
template <class Format>
HWY_INLINE void TransposeStreams(const uint8_t* weight, uint8_t* out, const BlockShape& shape, int64_t first,
                                 int64_t last) {
  using Element = typename Format::Element;
  constexpr int64_t kSize = sizeof(Element), kRuns = Format::kRuns;
  HWY_ALIGN uint8_t streams[kStreamsBytes];
  for (int64_t tile = first; tile < last; ++tile) {
    const TilePlace at(shape, tile);
    for (int64_t b = 0; b < at.blocks; ++b) {
      MakeStreams<Format>(weight, shape, at, at.block + b, streams + 4 * b * stream_bytes_of(shape));
    }
    const int64_t run_bytes = Format::kColumnsOfByte * at.bytes / kRuns;
    uint8_t* to = out + at.block * shape.block_stride + Format::kColumnsOfByte * at.begin / kSize * shape.vector_stride;
    for (int64_t run = 0; run < kRuns; ++run) {
      TransposeRun<Element>(shape, streams + run * run_bytes, 4 * at.blocks, run_bytes / kSize,
                            to + run * shape.vector_stride, kRuns * shape.vector_stride);
    }
  }
}

void PackNeighbourRows(const uint8_t* weight, uint8_t* out, const BlockShape& shape, int64_t first, int64_t last) {
  if (shape.blocks_of_tile == 1) return WeaveStreams<NeighbourRows>(weight, out, shape, first, last);
  TransposeStreams<NeighbourRows>(weight, out, shape, first, last);
}
void PackRowsFourApart(const uint8_t* weight, uint8_t* out, const BlockShape& shape, int64_t first, int64_t last) {
  WeaveStreams<RowsFourApart>(weight, out, shape, first, last);
}
void PackTransposed(const uint8_t* weight, uint8_t* out, const BlockShape& shape, int64_t first, int64_t last) {
  TransposeStreams<TransposedRows>(weight, out, shape, first, last);
}
void PackBytes(const uint8_t* weight, uint8_t* out, const BlockShape& shape, int64_t first, int64_t last) {
  TransposeStreams<ByteRows>(weight, out, shape, first, last);
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
static_assert(kStreamsBytes >= 4 * kTileLineBytes / kVectorBytes * 2 * kMostTileBytes &&
              kStreamsBytes >= 4 * 32 * 2 * 128);

// Whether an output, whose tiles lie far apart, does not stay in the caches.
bool is_strided(const Call& call) {
  return call.output_count() * info(call.output_dtype()).size_bytes >= std::int64_t{1} << 20;
}

// Vectors of blocks of `block_rows` rows: the next block's follows (row blocks innermost), or the same block's next.
BlockShape block_shape(const Call& call, std::int64_t block_rows, std::int64_t columns_of_a_byte, bool rows_innermost) {
  const std::int64_t blocks = (call["N"] + block_rows - 1) / block_rows, k_blocks = call["K"] / 4;
  BlockShape shape{.rows = call["N"],
                   .row_bytes = call["K"] / columns_of_a_byte,
                   .block_count = blocks,
                   .vector_stride = kVectorBytes,
                   .block_stride = k_blocks * kVectorBytes,
                   .blocks_of_tile = 1,
                   .tile_bytes = 128,
                   .streamed = false};
  if (rows_innermost) {
    shape.vector_stride = blocks * kVectorBytes;
    shape.block_stride = kVectorBytes;
    shape.blocks_of_tile = kTileLineBytes / kVectorBytes;
    shape.tile_bytes = kMostTileBytes;
    shape.streamed = is_strided(call);
  }
  return shape;
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
                {.rows = call["N"],
                 .row_bytes = call["K"] / 2,
                 .block_count = call["N"] / 8,
                 .vector_stride = call["N"] / 2,
                 .block_stride = 4,
                 .blocks_of_tile = 32,
                 .tile_bytes = 128,
                 .streamed = is_strided(call)});
          }};
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
