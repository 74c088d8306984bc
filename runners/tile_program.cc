#include "runners/tile_program.h"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runners/tile_program.cc"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace plumb::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR

// Blocks of this many tiles lie beside each other in the buffer, so that wide vectors are filled.
constexpr int64_t kTiles = 4, kRowBytes = kTiles * kBlockBytes;

constexpr int64_t kPageBytes = 4096, kPages = 4;

using Bytes = hn::CappedTag<uint8_t, kRowBytes>;
using V = hn::Vec<Bytes>;

// One row of kTiles blocks for each block number.
struct alignas(64) Buffer {
  uint8_t row[1 << kMostBlockBits][kRowBytes];
};

HWY_INLINE V Table(Bytes d, const std::array<uint8_t, 16>& table) { return hn::LoadDup128(d, table.data()); }

HWY_INLINE V HighNibbles(Bytes d, V v) {
  const hn::Repartition<uint16_t, Bytes> d16;
  return hn::And(hn::BitCast(d, hn::ShiftRight<4>(hn::BitCast(d16, v))), hn::Set(d, 15));
}

HWY_INLINE V Mapped(Bytes d, V v, V low, V high) {
  return hn::Or(hn::TableLookupBytes(low, hn::And(v, hn::Set(d, 15))), hn::TableLookupBytes(high, HighNibbles(d, v)));
}

// Collects what does not fit.
class Refusals {
 public:
  explicit Refusals(const TileProgram& p) : p_(p), found_(hn::Zero(d_)) {}

  HWY_INLINE void See(V v) {
    if (p_.checks) found_ = hn::Or(found_, Mapped(d_, v, Table(d_, p_.refused_low), Table(d_, p_.refused_high)));
    if (p_.checks_bytes) {
      const V value = hn::Add(v, hn::Set(d_, p_.checked_after));
      const V kept = hn::Min(hn::Max(value, hn::Set(d_, p_.least)), hn::Set(d_, p_.most));
      found_ = hn::Or(found_, hn::Xor(value, kept));
    }
  }
  [[nodiscard]] bool Any() const { return !hn::AllTrue(d_, hn::Eq(found_, hn::Zero(d_))); }

 private:
  const TileProgram& p_;
  Bytes d_;
  V found_;
};

// Calls body(row) for each part of a vector's width of a buffer row.
template <class Body>
HWY_INLINE void EachRow(Bytes d, int64_t rows, Buffer& buffer, const Body& body) {
  for (int64_t row = 0; row < rows; ++row) {
    for (size_t i = 0; i < static_cast<size_t>(kRowBytes); i += hn::Lanes(d)) body(buffer.row[row] + i);
  }
}

// Calls body(a, b) for the rows whose numbers differ in one bit.
template <class Body>
HWY_INLINE void EachPair(Bytes d, int64_t rows, int bit, Buffer& buffer, const Body& body) {
  const int64_t distance = int64_t{1} << bit;
  for (int64_t row = 0; row < rows; ++row) {
    if ((row & distance) != 0) continue;
    for (size_t i = 0; i < static_cast<size_t>(kRowBytes); i += hn::Lanes(d)) {
      body(buffer.row[row] + i, buffer.row[row + distance] + i);
    }
  }
}

HWY_INLINE void Butterfly(Bytes d, const TileStep& step, uint8_t* first, uint8_t* second) {
  const hn::Repartition<uint16_t, Bytes> d16;
  const V mask = hn::Set(d, step.mask), a = hn::Load(d, first), b = hn::Load(d, second);
  const V up = hn::BitCast(d, hn::ShiftLeftSame(hn::BitCast(d16, hn::And(b, mask)), step.shift));
  const V down = hn::And(hn::BitCast(d, hn::ShiftRightSame(hn::BitCast(d16, a), step.shift)), mask);
  hn::Store(hn::Or(hn::And(a, mask), up), d, first);
  hn::Store(hn::Or(down, hn::AndNot(mask, b)), d, second);
}

HWY_INLINE void Apply(const TileStep& step, int64_t rows, Buffer& buffer) {
  const Bytes d;
  switch (step.kind) {
    case TileStep::Kind::map: {
      const V low = Table(d, step.low), high = Table(d, step.high);
      return EachRow(d, rows, buffer, [&](uint8_t* at) { hn::Store(Mapped(d, hn::Load(d, at), low, high), d, at); });
    }
    case TileStep::Kind::add: {
      const V by = hn::Set(d, step.low[0]);
      return EachRow(d, rows, buffer, [&](uint8_t* at) { hn::Store(hn::Add(hn::Load(d, at), by), d, at); });
    }
    case TileStep::Kind::shuffle: {
      const V from = Table(d, step.low);
      return EachRow(d, rows, buffer,
                     [&](uint8_t* at) { hn::Store(hn::TableLookupBytes(hn::Load(d, at), from), d, at); });
    }
    case TileStep::Kind::interleave:
      return EachPair(d, rows, step.block_bit, buffer, [&](uint8_t* first, uint8_t* second) {
        const V a = hn::Load(d, first), b = hn::Load(d, second);
        hn::Store(hn::InterleaveLower(d, a, b), d, first);
        hn::Store(hn::InterleaveUpper(d, a, b), d, second);
      });
    case TileStep::Kind::butterfly:
      return EachPair(d, rows, step.block_bit, buffer,
                      [&](uint8_t* first, uint8_t* second) { Butterfly(d, step, first, second); });
  }
}

// One vector that may lie anywhere, or less: the rest is filled up with what it begins with, which is as good as the
// codes that are there.
template <class Change>
HWY_INLINE void MovePart(Bytes d, const uint8_t* from, uint8_t* to, int64_t size, Refusals& refusals,
                         const Change& change) {
  alignas(64) uint8_t part[kRowBytes];
  for (size_t j = 0; j < hn::Lanes(d); ++j) part[j] = from[static_cast<int64_t>(j) % size];
  const V v = hn::Load(d, part);
  refusals.See(v);
  hn::Store(change(v), d, part);
  std::memcpy(to, part, static_cast<size_t>(size));
}

// Bytes that stay where they are, in one stretch.
template <class Change>
HWY_INLINE bool Stretch(const TileProgram& program, const uint8_t* from, uint8_t* to, int64_t size, bool bypasses_cache,
                        const Change& change) {
  const Bytes d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  Refusals refusals(program);
  int64_t i = 0;
  if (bypasses_cache) {
    const auto beyond = static_cast<int64_t>(reinterpret_cast<uintptr_t>(to) % static_cast<uintptr_t>(lanes));
    if (beyond != 0) {
      i = std::min(size, lanes - beyond);
      MovePart(d, from, to, i, refusals, change);
    }
    // Some pages at a time, a few vectors of each in turn, keep more of the memory busy.
    for (; i + kPages * kPageBytes <= size; i += kPages * kPageBytes) {
      for (int64_t part = i; part < i + kPageBytes; part += 4 * lanes) {
        for (int64_t page = part; page < part + kPages * kPageBytes; page += kPageBytes) {
          hwy::Prefetch(from + page + kPages * kPageBytes);
          const V v0 = hn::LoadU(d, from + page), v1 = hn::LoadU(d, from + page + lanes);
          const V v2 = hn::LoadU(d, from + page + 2 * lanes), v3 = hn::LoadU(d, from + page + 3 * lanes);
          for (const V v : {v0, v1, v2, v3}) refusals.See(v);
          hn::Stream(change(v0), d, to + page);
          hn::Stream(change(v1), d, to + page + lanes);
          hn::Stream(change(v2), d, to + page + 2 * lanes);
          hn::Stream(change(v3), d, to + page + 3 * lanes);
        }
      }
    }
    for (; i + lanes <= size; i += lanes) {
      const V v = hn::LoadU(d, from + i);
      refusals.See(v);
      hn::Stream(change(v), d, to + i);
    }
  }
  for (; i + lanes <= size; i += lanes) {
    const V v = hn::LoadU(d, from + i);
    refusals.See(v);
    hn::StoreU(change(v), d, to + i);
  }
  if (i < size) MovePart(d, from + i, to + i, size - i, refusals, change);
  return !refusals.Any();
}

bool MoveStretch(const TileProgram& program, const TileRun& run) {
  const Bytes d;
  const uint8_t* from = run.from + run.from_offset[0];
  uint8_t* to = run.to + run.to_offset[0];
  const int64_t size = run.count * kBlockBytes;
  const bool bypasses = run.bypasses_cache;
  if (program.steps.empty()) return Stretch(program, from, to, size, bypasses, [](V v) { return v; });
  const TileStep& step = program.steps[0];
  if (step.kind == TileStep::Kind::add) {
    const V by = hn::Set(d, step.low[0]);
    return Stretch(program, from, to, size, bypasses, [&](V v) { return hn::Add(v, by); });
  }
  const V low = Table(d, step.low), high = Table(d, step.high);
  return Stretch(program, from, to, size, bypasses, [&](V v) { return Mapped(d, v, low, high); });
}

// Blocks of `count` tiles, up to kTiles, into a row of the buffer; the last one again for those that are too few.
HWY_INLINE void LoadRow(const uint8_t* from, int64_t stride, int64_t count, uint8_t* row) {
  if (stride == kBlockBytes && count == kTiles) {
    std::memcpy(row, from, kRowBytes);
    return;
  }
  for (int64_t i = 0; i < kTiles; ++i) {
    std::memcpy(row + i * kBlockBytes, from + std::min(i, count - 1) * stride, kBlockBytes);
  }
}

HWY_INLINE void StoreRow(Bytes d, const uint8_t* row, int64_t stride, int64_t count, bool bypasses_cache, uint8_t* to) {
  if (stride != kBlockBytes || count != kTiles) {
    for (int64_t i = 0; i < count; ++i) std::memcpy(to + i * stride, row + i * kBlockBytes, kBlockBytes);
  } else if (bypasses_cache && reinterpret_cast<uintptr_t>(to) % kRowBytes == 0) {
    for (size_t i = 0; i < static_cast<size_t>(kRowBytes); i += hn::Lanes(d))
      hn::Stream(hn::Load(d, row + i), d, to + i);
  } else {
    std::memcpy(to, row, kRowBytes);
  }
}

bool MoveTiles(const TileProgram& program, const TileRun& run) {
  const bool stays = program.block_bits == 0 && run.from_stride == kBlockBytes && run.to_stride == kBlockBytes;
  const auto changes_bytes = [](const TileStep& step) {
    return step.kind == TileStep::Kind::map || step.kind == TileStep::Kind::add;
  };
  if (stays && program.steps.size() <= 1 && std::all_of(program.steps.begin(), program.steps.end(), changes_bytes)) {
    return MoveStretch(program, run);
  }
  const Bytes d;
  const int64_t rows = int64_t{1} << program.block_bits;
  Buffer buffer;
  Refusals refusals(program);
  for (int64_t tile = 0; tile < run.count; tile += kTiles) {
    const int64_t count = std::min(kTiles, run.count - tile);
    for (int64_t row = 0; row < rows; ++row) {
      LoadRow(run.from + run.from_offset[row] + tile * run.from_stride, run.from_stride, count, buffer.row[row]);
    }
    if (program.checks || program.checks_bytes) {
      EachRow(d, rows, buffer, [&](const uint8_t* at) { refusals.See(hn::Load(d, at)); });
    }
    for (const TileStep& step : program.steps) Apply(step, rows, buffer);
    for (int64_t row = 0; row < rows; ++row) {
      uint8_t* to = run.to + run.to_offset[row] + tile * run.to_stride;
      StoreRow(d, buffer.row[row], run.to_stride, count, run.bypasses_cache, to);
    }
  }
  return !refusals.Any();
}

bool CanMoveTiles() { return true; }

#else

bool MoveTiles(const TileProgram&, const TileRun&) { return false; }
bool CanMoveTiles() { return false; }

#endif

}  // namespace plumb::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb {

HWY_EXPORT(MoveTiles);
HWY_EXPORT(CanMoveTiles);

bool move_tiles(const TileProgram& program, const TileRun& run) {
  return HWY_DYNAMIC_DISPATCH(MoveTiles)(program, run);
}

void finish_moving_tiles() { hwy::FlushStream(); }

bool can_move_tiles() { return HWY_DYNAMIC_DISPATCH(CanMoveTiles)(); }

}  // namespace plumb
#endif
