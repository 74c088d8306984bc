// pack_aten_int4 and unpack_aten_int4: rows of codes are paired to bytes (or split again), a tile of columns at a time,
// and tiles are transposed, as ATen keeps a column's bytes together.

#include "impls/cpu/kernels.h"
#include "impls/cpu/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/aten_int4.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "impls/cpu/transpose-inl.h"

#ifndef PLUMB_CPU_ATEN_INT4_SHARED
#define PLUMB_CPU_ATEN_INT4_SHARED
namespace plumb::cpu {

constexpr int64_t kTileColumns = 128;
constexpr int64_t kMaxPairs = 32;  // of a block of 64 rows

// Some columns of a block of rows.
struct AtenTile {
  uint8_t* codes;   // i32, the block's first row at the tile's first column
  uint8_t* packed;  // the block's bytes at that column, `pairs` for each column
  int64_t row_codes, pairs, columns;
  bool halves;  // byte j holds rows j and j + pairs rather than 2j and 2j + 1
};

}  // namespace plumb::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Words = hn::ScalableTag<int32_t>;
using Bytes = hn::Rebind<uint8_t, Words>;

// bytes[k] = low[k] | high[k] << 4.
HWY_INLINE void JoinRows(const int32_t* low, const int32_t* high, uint8_t* bytes, int64_t columns) {
  const Words d;
  const Bytes d8;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t k = 0;
  for (; k + lanes <= columns; k += lanes) {
    const auto both = hn::Or(hn::LoadU(d, low + k), hn::ShiftLeft<4>(hn::LoadU(d, high + k)));
    hn::StoreU(hn::DemoteTo(d8, both), d8, bytes + k);
  }
  for (; k < columns; ++k) {
    int32_t a, b;  // tensors need not be aligned
    std::memcpy(&a, low + k, sizeof a);
    std::memcpy(&b, high + k, sizeof b);
    bytes[k] = static_cast<uint8_t>(a | b << 4);
  }
}

// The inverse of JoinRows.
HWY_INLINE void SplitRows(const uint8_t* bytes, int32_t* low, int32_t* high, int64_t columns) {
  const Words d;
  const Bytes d8;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t k = 0;
  for (; k + lanes <= columns; k += lanes) {
    const auto both = hn::PromoteTo(d, hn::LoadU(d8, bytes + k));
    hn::StoreU(hn::And(both, hn::Set(d, 15)), d, low + k);
    hn::StoreU(hn::ShiftRight<4>(both), d, high + k);
  }
  for (; k < columns; ++k) {
    const int32_t a = bytes[k] & 15, b = bytes[k] >> 4;
    std::memcpy(low + k, &a, sizeof a);
    std::memcpy(high + k, &b, sizeof b);
  }
}

// The rows of the low and the high nibbles of pair j.
struct Rows {
  Rows(const AtenTile& t, int64_t j)
      : low(reinterpret_cast<int32_t*>(t.codes) + (t.halves ? j : 2 * j) * t.row_codes),
        high(reinterpret_cast<int32_t*>(t.codes) + (t.halves ? j + t.pairs : 2 * j + 1) * t.row_codes) {}
  int32_t *low, *high;
};

void PackTile(const AtenTile& t) {
  uint8_t bytes[kMaxPairs * kTileColumns];
  for (int64_t j = 0; j < t.pairs; ++j) {
    const Rows rows(t, j);
    JoinRows(rows.low, rows.high, bytes + j * kTileColumns, t.columns);
  }
  Transpose(bytes, kTileColumns, t.packed, t.pairs, t.pairs, t.columns);
}

void UnpackTile(const AtenTile& t) {
  uint8_t bytes[kMaxPairs * kTileColumns];
  Transpose<uint8_t>(t.packed, t.pairs, bytes, kTileColumns, t.columns, t.pairs);
  for (int64_t j = 0; j < t.pairs; ++j) {
    const Rows rows(t, j);
    SplitRows(bytes + j * kTileColumns, rows.low, rows.high, t.columns);
  }
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {
namespace {

HWY_EXPORT(PackTile);
HWY_EXPORT(UnpackTile);

using Body = void (*)(const AtenTile&);

enum Isa : std::int64_t { kAvx512, kAvx2, kDefault };

// Calls `body` for all tiles of codes and packed bytes, of which one is input and only read.
void run_tiles(const Call& call, Body body, std::uint8_t* codes, std::uint8_t* packed) {
  const std::int64_t rows = call["N"], columns = call["K"], isa = call["isa"];
  const std::int64_t block_rows = isa == kAvx512 ? 64 : 32;
  const std::int64_t blocks = (rows + block_rows - 1) / block_rows;
  const std::int64_t per_block = (columns + kTileColumns - 1) / kTileColumns;
  const auto run_one = [&](std::int64_t tile) {
    const std::int64_t row = tile / per_block * block_rows, column = tile % per_block * kTileColumns;
    const std::int64_t block = std::min(block_rows, rows - row), pairs = block / 2;
    body({codes + (row * columns + column) * 4, packed + row * columns / 2 + column * pairs, columns, pairs,
          std::min(kTileColumns, columns - column), isa != kDefault && block == block_rows});
  };
  parallel_ranges(blocks * per_block, call.threads(), [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t tile = first; tile < last; ++tile) run_one(tile);
  });
}

std::uint8_t* input(const Call& call) { return const_cast<std::uint8_t*>(call.input<std::uint8_t>(0).data()); }
std::uint8_t* output(const Call& call) { return call.output<std::uint8_t>().data(); }

}  // namespace

Kernel pack_aten_int4(const Target& target) {
  const Body body = PLUMB_FOR_TARGET(PackTile, target);
  return {"pack_aten_int4", kExactContract, {}, [body](const Call& call, void*) {
            run_tiles(call, body, input(call), output(call));
          }};
}

Kernel unpack_aten_int4(const Target& target) {
  const Body body = PLUMB_FOR_TARGET(UnpackTile, target);
  return {"unpack_aten_int4", kExactContract, {}, [body](const Call& call, void*) {
            run_tiles(call, body, output(call), input(call));
          }};
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
