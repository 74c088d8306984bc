// onnx_pack_int4_blocks: a weight [K, N] to two codes a byte along K, blocks of K for each of N outputs.

#include "impls/cpu/kernels.h"
#include "impls/cpu/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/onnx_pack.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "impls/cpu/streamed-inl.h"
#include "impls/cpu/transpose-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// bytes[i] = low[i] & 15 | high[i] << 4, each with `flip`'s bits flipped; without `high`, its nibble is 0.
HWY_INLINE void JoinRows(const uint8_t* low, const uint8_t* high, uint8_t* bytes, int64_t count, uint8_t flip) {
  const hn::ScalableTag<uint8_t> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const uint8_t high_flip = high == nullptr ? uint8_t{0} : flip;
  const auto flips = hn::Set(d, static_cast<uint8_t>(flip | high_flip << 4));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto low_codes = hn::And(hn::LoadU(d, low + i), hn::Set(d, 15));
    const auto high_codes = high == nullptr ? hn::Zero(d) : hn::ShiftLeft<4>(hn::LoadU(d, high + i));
    hn::StoreU(hn::Xor(hn::Or(low_codes, high_codes), flips), d, bytes + i);
  }
  for (; i < count; ++i) {
    const int high_code = high == nullptr ? 0 : high[i] ^ flip;
    bytes[i] = static_cast<uint8_t>(((low[i] ^ flip) & 15) | high_code << 4);
  }
}

// Asks for a row's piece: pieces are too short, and too far from each other, for the CPU to foresee.
HWY_INLINE void PrefetchPiece(const uint8_t* piece, int64_t rows_ahead, int64_t stride, int64_t count) {
  const uintptr_t at = reinterpret_cast<uintptr_t>(piece) + static_cast<uintptr_t>(rows_ahead * stride);
  for (int64_t i = 0; i < count; i += 64) hwy::Prefetch(reinterpret_cast<const uint8_t*>(at) + i);
}

// A byte holds two rows of a column. Bytes of a column follow each other through all of its blocks.
struct Joining {
  const uint8_t* codes;
  int64_t rows, stride, block;  // `stride`: of a row
  uint8_t flip;

  [[nodiscard]] int64_t block_bytes() const { return (block + 1) / 2; }
  [[nodiscard]] int64_t column_bytes() const { return (rows + block - 1) / block * block_bytes(); }

  // Byte `byte` of columns [n, n + columns).
  HWY_INLINE void Join(int64_t byte, int64_t n, int64_t columns, uint8_t* bytes) const {
    constexpr int64_t kRowsAhead = 32;
    const int64_t first = byte / block_bytes() * block, low = first + byte % block_bytes() * 2;
    const int64_t end = HWY_MIN(rows, first + block);
    if (low >= end) {
      std::memset(bytes, 0, static_cast<size_t>(columns));
      return;
    }
    const uint8_t* low_row = codes + low * stride + n;
    PrefetchPiece(low_row, kRowsAhead, stride, columns);
    PrefetchPiece(low_row, kRowsAhead + 1, stride, columns);
    JoinRows(low_row, low + 1 < end ? low_row + stride : nullptr, bytes, columns, flip);
  }
};

// Columns, and bytes of each, that are joined before they are written transposed: they stay in the nearest cache.
constexpr int64_t kTileColumns = 256, kTileBytes = 128;

// Bytes [first, last) of columns [n, n + columns). Cache lines, which lie far away from each other, are written past
// the caches, some of one column together, while later ones are made.
HWY_INLINE void PackTile(const Joining& joining, uint8_t* packed, int64_t n, int64_t columns, int64_t first,
                         int64_t last) {
  constexpr int64_t kTogether = 16;
  HWY_ALIGN uint8_t tile[kTileBytes][kTileColumns], gathered[kTogether * kTileBytes];
  for (int64_t byte = first; byte < last; ++byte) joining.Join(byte, n, columns, tile[byte - first]);
  const int64_t width = last - first;
  for (int64_t i = 0; i < columns; i += kTogether) {
    const int64_t count = HWY_MIN(kTogether, columns - i);
    Transpose<uint8_t>(&tile[0][i], kTileColumns, gathered, width, width, count);
    for (int64_t j = 0; j < count; ++j) {
      StreamBytes(gathered + j * width, packed + (n + i + j) * joining.column_bytes() + first, width);
    }
  }
}

// Columns [first, last) of a weight [rows, stride]. `flip` is 8 to add 8 to codes, modulo 16.
void PackBlocks(const uint8_t* codes, uint8_t* packed, int64_t rows, int64_t stride, int64_t block, uint8_t flip,
                int64_t first, int64_t last) {
  const Joining joining{codes, rows, stride, block, flip};
  for (int64_t n = first; n < last; n += kTileColumns) {
    for (int64_t byte = 0; byte < joining.column_bytes(); byte += kTileBytes) {
      PackTile(joining, packed, n, HWY_MIN(kTileColumns, last - n), byte,
               HWY_MIN(joining.column_bytes(), byte + kTileBytes));
    }
  }
  hwy::FlushStream();
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {
namespace {

HWY_EXPORT(PackBlocks);

// Threads share tiles of columns.
constexpr std::int64_t kColumns = 256;

}  // namespace

Kernel onnx_pack_int4_blocks(const Target& target) {
  const auto body = PLUMB_FOR_TARGET(PackBlocks, target);
  return {"onnx_pack_int4_blocks", kExactContract, {}, [body](const Call& call, void*) {
            const std::uint8_t flip = call.input_dtype(0) == DType::i8 ? 8 : 0;
            const std::int64_t columns = call["N"];
            parallel_ranges((columns + kColumns - 1) / kColumns, call.threads(),
                            [&](std::int64_t first, std::int64_t last) {
                              body(call.input<std::uint8_t>(0).data(), call.output<std::uint8_t>().data(), call["K"],
                                   columns, call["block"], flip, first * kColumns, std::min(last * kColumns, columns));
                            });
          }};
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
