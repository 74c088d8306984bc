// pack_q4_linear_weight, pack_w_4x8, pack_q8_linear_weight and pack_int4_transposed. Rows are first paired to streams
// of one byte a column, then four streams are woven into vectors.

#include "impls/cpu/weight_blocks.h"

#include "impls/cpu/kernels.h"
#include "impls/cpu/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/weight_blocks.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "impls/cpu/interleave4-inl.h"

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
  using Element = uint8_t;  // one column
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

// Tiles [first, last) of a 4-bit weight.
template <class Format>
HWY_INLINE void PackTiles(const uint8_t* weight, uint8_t* out, const BlockShape& shape, int64_t first, int64_t last) {
  HWY_ALIGN uint8_t streams[4][2 * kTileBytes];
  uint8_t missing[kTileBytes];  // a row of code 0
  std::memset(missing, 0x88, sizeof missing);
  for (int64_t tile = first; tile < last; ++tile) {
    const int64_t block = tile % shape.block_count, begin = tile / shape.block_count * kTileBytes;
    const int64_t bytes = HWY_MIN(kTileBytes, shape.row_bytes - begin);
    const auto row = [&](int r) {
      const int64_t n = 8 * block + r;
      return n < shape.rows ? weight + n * shape.row_bytes + begin : missing;
    };
    for (int s = 0; s < 4; ++s) {
      PairRows<Format::kEvenLow>(row(Format::kLow[s]), row(Format::kHigh[s]), streams[s], bytes);
    }
    constexpr auto kSize = static_cast<int64_t>(sizeof(typename Format::Element));
    Interleave4<typename Format::Element>({{streams[0], streams[1], streams[2], streams[3]}},
                                          out + block * shape.block_stride + 2 * begin / kSize * shape.vector_stride,
                                          shape.vector_stride, 2 * bytes / kSize);
  }
}

void PackNeighbourRows(const uint8_t* weight, uint8_t* out, const BlockShape& shape, int64_t first, int64_t last) {
  PackTiles<NeighbourRows>(weight, out, shape, first, last);
}

void PackRowsFourApart(const uint8_t* weight, uint8_t* out, const BlockShape& shape, int64_t first, int64_t last) {
  PackTiles<RowsFourApart>(weight, out, shape, first, last);
}

void PackTransposed(const uint8_t* weight, uint8_t* out, const BlockShape& shape, int64_t first, int64_t last) {
  PackTiles<TransposedRows>(weight, out, shape, first, last);
}

// Tiles of an 8-bit weight, whose rows are streams already.
void PackBytes(const uint8_t* weight, uint8_t* out, const BlockShape& shape, int64_t first, int64_t last) {
  const uint8_t missing[kTileBytes] = {};
  for (int64_t tile = first; tile < last; ++tile) {
    const int64_t block = tile % shape.block_count, begin = tile / shape.block_count * kTileBytes;
    Streams4 rows{};
    for (int r = 0; r < 4; ++r) {
      const int64_t n = 4 * block + r;
      rows.at[r] = n < shape.rows ? weight + n * shape.row_bytes + begin : missing;
    }
    Interleave4<uint32_t>(rows, out + block * shape.block_stride + begin / 4 * shape.vector_stride, shape.vector_stride,
                          HWY_MIN(kTileBytes, shape.row_bytes - begin) / 4);
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

// Vectors of blocks of `block_rows` rows: the next block's follows (row blocks innermost), or the same block's next.
BlockShape block_shape(const Call& call, std::int64_t block_rows, std::int64_t columns_of_a_byte, bool rows_innermost) {
  const std::int64_t blocks = (call["N"] + block_rows - 1) / block_rows, k_blocks = call["K"] / 4;
  return {call["N"], call["K"] / columns_of_a_byte, blocks, rows_innermost ? blocks * kVectorBytes : kVectorBytes,
          rows_innermost ? kVectorBytes : k_blocks * kVectorBytes};
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
            run(call, pack, {call["N"], call["K"] / 2, call["N"] / 8, call["N"] / 2, 4});
          }};
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
