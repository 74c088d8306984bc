// pack_aten_int4 and unpack_aten_int4: rows of codes are paired to bytes (or split again), a tile of columns at a time,
// and tiles are transposed, as ATen keeps a column's bytes together.

#include "impls/cpu/checked_pieces.h"
#include "impls/cpu/kernels.h"
#include "impls/cpu/parallel.h"
#include "impls/cpu/streamed.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/aten_int4.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "impls/cpu/prefetch-inl.h"
#include "impls/cpu/streamed-inl.h"
#include "impls/cpu/transpose-inl.h"

#ifndef PLUMB_CPU_ATEN_INT4_SHARED
#define PLUMB_CPU_ATEN_INT4_SHARED
namespace plumb::cpu {

constexpr int64_t kTileColumns = 128;
constexpr int64_t kMaxPairs = 32;  // of a block of 64 rows
static_assert(kTileColumns * kMaxPairs <= kStagedBytes);

// Some columns of a block of rows.
struct AtenTile {
  uint8_t* codes;   // i32, the block's first row at the tile's first column
  uint8_t* packed;  // the block's bytes at that column, `pairs` for each column
  int64_t row_codes, pairs, columns;
  bool streamed;  // the codes are so many that they are written past the caches
  bool halves;    // byte j holds rows j and j + pairs rather than 2j and 2j + 1
};

}  // namespace plumb::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Words = hn::ScalableTag<int32_t>;
using Bytes = hn::Rebind<uint8_t, Words>;

// bytes[k] = low[k] | high[k] << 4. Returns whether all codes are legal: 0 ... 15.
HWY_INLINE bool JoinRows(const int32_t* low, const int32_t* high, uint8_t* bytes, int64_t columns) {
  const Words d;
  const Bytes d8;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t k = 0;
  auto bits = hn::Zero(d);
  for (; k + lanes <= columns; k += lanes) {
    PrefetchPagesAhead(low + k);
    PrefetchPagesAhead(high + k);
    const auto lows = hn::LoadU(d, low + k), highs = hn::LoadU(d, high + k);
    bits = hn::Or(bits, hn::Or(lows, highs));
    const auto both = hn::BitCast(hn::RebindToUnsigned<Words>(), hn::Or(lows, hn::ShiftLeft<4>(highs)));
    hn::StoreU(hn::TruncateTo(d8, both), d8, bytes + k);
  }
  int32_t rest = 0;
  for (; k < columns; ++k) {
    int32_t a, b;  // tensors need not be aligned
    std::memcpy(&a, low + k, sizeof a);
    std::memcpy(&b, high + k, sizeof b);
    bytes[k] = static_cast<uint8_t>(a | b << 4);
    rest |= a | b;
  }
  const auto illegal = hn::And(bits, hn::Set(d, ~15));
  return hn::AllTrue(d, hn::Eq(illegal, hn::Zero(d))) && (rest & ~15) == 0;
}

// The inverse of JoinRows.
HWY_INLINE void SplitRows(const uint8_t* bytes, int32_t* low, int32_t* high, int64_t columns, bool streamed) {
  const Words d;
  const auto both = [&](int64_t k) HWY_ATTR { return hn::PromoteTo(d, hn::LoadU(Bytes(), bytes + k)); };
  const auto lows = [&](int64_t k) HWY_ATTR { return hn::And(both(k), hn::Set(d, 15)); };
  const auto highs = [&](int64_t k) HWY_ATTR { return hn::ShiftRight<4>(both(k)); };
  Fill(d, low, 0, columns, streamed, lows, [&](int64_t k) { return int32_t{bytes[k] & 15}; });
  Fill(d, high, 0, columns, streamed, highs, [&](int64_t k) { return int32_t{bytes[k] >> 4}; });
}

// The rows of the low and the high nibbles of pair j.
struct Rows {
  Rows(const AtenTile& t, int64_t j)
      : low(reinterpret_cast<int32_t*>(t.codes) + (t.halves ? j : 2 * j) * t.row_codes),
        high(reinterpret_cast<int32_t*>(t.codes) + (t.halves ? j + t.pairs : 2 * j + 1) * t.row_codes) {}
  int32_t *low, *high;
};

// Whether all codes are legal, and so `packed` has been written.
bool PackTile(const AtenTile& t) {
  HWY_ALIGN uint8_t bytes[kMaxPairs * kTileColumns];
  for (int64_t j = 0; j < t.pairs; ++j) {
    const Rows rows(t, j);
    if (!JoinRows(rows.low, rows.high, bytes + j * kTileColumns, t.columns)) return false;
  }
  Transpose<uint8_t, kMaxPairs>(bytes, kTileColumns, t.packed, t.pairs, t.pairs, t.columns);
  return true;
}

void UnpackTile(const AtenTile& t) {
  HWY_ALIGN uint8_t bytes[kMaxPairs * kTileColumns];
  Transpose<uint8_t>(t.packed, t.pairs, bytes, kTileColumns, t.columns, t.pairs);
  for (int64_t j = 0; j < t.pairs; ++j) {
    const Rows rows(t, j);
    SplitRows(bytes + j * kTileColumns, rows.low, rows.high, t.columns, t.streamed);
  }
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {
namespace {

HWY_EXPORT(PackTile);
HWY_EXPORT(UnpackTile);

using Unpack = void (*)(const AtenTile&);
using Pack = bool (*)(const AtenTile&);

enum Isa : std::int64_t { kAvx512, kAvx2, kDefault };

// A weight's codes and its packed bytes, of which one is input and only read, and how they are cut to blocks of rows
// and those to tiles of columns.
struct Weight {
  Weight(const Call& call, std::uint8_t* codes, std::uint8_t* packed, bool streamed)
      : codes(codes), packed(packed), rows(call["N"]), columns(call["K"]), isa(call["isa"]), streamed(streamed) {}

  [[nodiscard]] std::int64_t block_rows() const { return isa == kAvx512 ? 64 : 32; }
  [[nodiscard]] std::int64_t blocks() const { return (rows + block_rows() - 1) / block_rows(); }
  [[nodiscard]] std::int64_t tiles_of_block() const { return (columns + kTileColumns - 1) / kTileColumns; }
  [[nodiscard]] std::int64_t rows_of(std::int64_t block) const {
    return std::min(block_rows(), rows - block * block_rows());
  }
  [[nodiscard]] std::int64_t tiles() const { return blocks() * tiles_of_block(); }
  // Tile i of all: the tiles of a block lie side by side.
  [[nodiscard]] AtenTile tile(std::int64_t i) const {
    const std::int64_t block = i / tiles_of_block(), row = block * block_rows();
    const std::int64_t column = i % tiles_of_block() * kTileColumns, pairs = rows_of(block) / 2;
    return {codes + (row * columns + column) * 4,
            packed + row * columns / 2 + column * pairs,
            columns,
            pairs,
            std::min(kTileColumns, columns - column),
            streamed,
            isa != kDefault && rows_of(block) == block_rows()};
  }

  std::uint8_t *codes, *packed;
  std::int64_t rows, columns, isa;
  bool streamed;
};

// A piece is a tile: its bytes lie side by side.
void run_packing(const Call& call, Pack pack, const Weight& weight) {
  const auto piece = [&](std::int64_t i) {
    const AtenTile tile = weight.tile(i);
    return Piece{0, 0, tile.packed - weight.packed, tile.columns * tile.pairs};
  };
  run_staged(call, weight.tiles(), piece, [&](std::int64_t i, std::uint8_t* to) {
    AtenTile tile = weight.tile(i);
    tile.packed = to;
    return pack(tile);
  });
}

void run_unpacking(const Call& call, Unpack unpack, const Weight& weight) {
  parallel_ranges(weight.tiles(), call.threads(), [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) unpack(weight.tile(i));
    if (weight.streamed) end_stream();
  });
}

std::uint8_t* input(const Call& call) { return const_cast<std::uint8_t*>(call.input<std::uint8_t>(0).data()); }
std::uint8_t* output(const Call& call) { return call.output<std::uint8_t>().data(); }

}  // namespace

Kernel pack_aten_int4(const Target& target) {
  const Pack body = PLUMB_FOR_TARGET(PackTile, target);
  return {.op = "pack_aten_int4",
          .contract = kExactContract,
          .prepare = {},
          .run =
              [body](const Call& call, void*) {
                run_packing(call, body, {call, input(call), output(call), false});
              },
          .checks_limits = true};
}

Kernel unpack_aten_int4(const Target& target) {
  const Unpack body = PLUMB_FOR_TARGET(UnpackTile, target);
  return {"unpack_aten_int4", kExactContract, {}, [body](const Call& call, void*) {
            const bool streamed = is_streamed(4 * call.output_count());
            run_unpacking(call, body, {call, output(call), input(call), streamed});
          }};
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
