#include "runners/tile_program.h"

#include <algorithm>
#include <cstring>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runners/tile_program.cc"
#define HWY_WANT_AVX3_DL  // permutes the bytes of a block at once
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "runners/tile_stretch-inl.h"
#include "runners/tile_vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plumb::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR

// A part of a loop over registers must be part of it.
#define TILE_LAMBDA HWY_ATTR __attribute__((always_inline))

constexpr size_t kParts = kBlockBytes >> kPartBits;

// A block in registers, or in as many as they are narrower.
struct Block {
  V v[kVectors];
};

// Part `number` of a block, in every part of a vector.
HWY_INLINE V Everywhere(Bytes d, const Block& block, size_t number) {
  const V v = block.v[number * 16 / kLanes];
  if constexpr (kLanes == 16) return v;
  if constexpr (kLanes == 32) return number % 2 == 0 ? hn::ConcatLowerLower(d, v, v) : hn::ConcatUpperUpper(d, v, v);
  if constexpr (kLanes == 64) {
    const hn::Repartition<uint32_t, Bytes> d32;
    alignas(64) uint32_t words[16];
    for (uint32_t i = 0; i < 16; ++i) words[i] = static_cast<uint32_t>(number) * 4 + i % 4;
    return hn::BitCast(d, hn::TableLookupLanes(hn::BitCast(d32, v), hn::SetTableIndices(d32, words)));
  }
}

// What a permutation needs, in registers.
class Permutation {
 public:
  HWY_INLINE explicit Permutation(const TileStep& step) : keeps_parts_(step.keeps_parts) {
    const Bytes d;
    for (size_t i = 0; i < kVectors; ++i) order_.v[i] = hn::LoadU(d, step.order.data() + i * kLanes);
  }

  HWY_INLINE void operator()(Block& block) const {
    const Bytes d;
#if HWY_TARGET == HWY_AVX3_DL
    block.v[0] = V{_mm512_permutexvar_epi8(order_.v[0].raw, block.v[0].raw)};
#else
    if (keeps_parts_) {
      for (V& v : block.v) v = hn::TableLookupBytes(v, hn::And(order_.v[0], hn::Set(d, 15)));
      return;
    }
    const Block old = block;
    for (size_t part = 0; part < kParts; ++part) {
      const V source = Everywhere(d, old, part);
      for (size_t i = 0; i < kVectors; ++i) {
        // Bytes of this part have numbers below 16; others get bit 7, which looks up zero.
        const V distance = hn::Sub(order_.v[i], hn::Set(d, static_cast<uint8_t>(part * 16)));
        const V outside = hn::VecFromMask(d, hn::Gt(distance, hn::Set(d, 15)));
        const V taken = hn::TableLookupBytesOr0(source, hn::Or(distance, hn::And(outside, hn::Set(d, 128))));
        block.v[i] = part == 0 ? taken : hn::Or(block.v[i], taken);
      }
    }
#endif
  }

 private:
  Block order_;
  bool keeps_parts_;
};

// 2^kBits blocks that stay in registers while steps are done on them.
template <int kBits>
class Group {
 public:
  static constexpr int kBlocks = 1 << kBits;

  // Calls body(block, its number in the group). Written out where they are registers, so that no number is computed.
  template <class Body>
  HWY_INLINE void Each(const Body& body) {
    if constexpr (kVectors == 1) {
      [&]<int... i>(std::integer_sequence<int, i...>) TILE_LAMBDA { (body(block_[i], i), ...); }
      (std::make_integer_sequence<int, kBlocks>());
    } else {
      for (int i = 0; i < kBlocks; ++i) body(block_[i], i);
    }
  }

  HWY_INLINE void Apply(const TileStep& step) {
    const Bytes d;
    switch (step.kind) {
      case TileStep::Kind::map: {
        const V low = Table(d, step.low), high = Table(d, step.high);
        return EachVector([&](V v) TILE_LAMBDA { return Mapped(d, v, low, high); });
      }
      case TileStep::Kind::flip:
        return EachVector([&](V v) TILE_LAMBDA { return hn::Xor(v, hn::Set(d, step.mask)); });
      case TileStep::Kind::add:
        return EachVector([&](V v) TILE_LAMBDA { return hn::Add(v, hn::Set(d, step.mask)); });
      case TileStep::Kind::permute: {
        const Permutation permutation(step);
        return Each([&](Block& block, int) TILE_LAMBDA { permutation(block); });
      }
      case TileStep::Kind::interleave:
        return PairsOf(step.block_bit, [&](V& a, V& b) TILE_LAMBDA {
          const V lower = hn::InterleaveLower(d, a, b);
          b = hn::InterleaveUpper(d, a, b);
          a = lower;
        });
      case TileStep::Kind::butterfly: {
        const V mask = hn::Set(d, step.mask);
        if (step.shift == 4) return Butterfly<4>(step.block_bit, mask);
        return step.shift == 2 ? Butterfly<2>(step.block_bit, mask) : Butterfly<1>(step.block_bit, mask);
      }
    }
  }

 private:
  template <class Change>
  HWY_INLINE void EachVector(const Change& change) {
    Each([&](Block& block, int) TILE_LAMBDA {
      for (V& v : block.v) v = change(v);
    });
  }

  // Calls body for the vectors of blocks whose numbers differ in one bit.
  template <int kBit, class Body>
  HWY_INLINE void Pairs(const Body& body) {
    const auto pair = [&](Block& a, Block& b) TILE_LAMBDA {
      for (size_t i = 0; i < kVectors; ++i) body(a.v[i], b.v[i]);
    };
    const auto first = [](int i) { return (i >> kBit << (kBit + 1)) + (i & ((1 << kBit) - 1)); };
    if constexpr (kBit >= kBits) {
      return;
    } else if constexpr (kVectors == 1) {
      [&]<int... i>(std::integer_sequence<int, i...>) TILE_LAMBDA {
        (pair(block_[first(i)], block_[first(i) + (1 << kBit)]), ...);
      }
      (std::make_integer_sequence<int, kBlocks / 2>());
    } else {
      for (int i = 0; i < kBlocks / 2; ++i) pair(block_[first(i)], block_[first(i) + (1 << kBit)]);
    }
  }

  template <class Body>
  HWY_INLINE void PairsOf(int bit, const Body& body) {
    static_assert(kRegisterBits == 4);
    if (bit == 0) return Pairs<0>(body);
    if (bit == 1) return Pairs<1>(body);
    return bit == 2 ? Pairs<2>(body) : Pairs<3>(body);
  }

  template <int kShift>
  HWY_INLINE void Butterfly(int bit, V mask) {
    const Bytes d;
    const hn::Repartition<uint16_t, Bytes> d16;
    PairsOf(bit, [&](V& a, V& b) TILE_LAMBDA {
      const V up = hn::BitCast(d, hn::ShiftLeft<kShift>(hn::BitCast(d16, b)));
      const V down = hn::BitCast(d, hn::ShiftRight<kShift>(hn::BitCast(d16, a)));
      a = Selected(mask, a, up);
      b = Selected(mask, down, b);
    });
  }

  Block block_[kBlocks];
};

// Where the blocks of one side of a pass lie: block b at `start + offset[b]`.
template <class Byte>
struct Place {
  Byte* start;
  const int64_t* offset;
};

// What else is to be done with the blocks of a pass.
struct Passing {
  Refusals* refusals = nullptr;  // of the first pass, if anything can be refused
  bool bypasses_cache = false;
  // Of the last pass: where the next tile's blocks lie. They are fetched meanwhile.
  Place<const uint8_t> next{nullptr, nullptr};
};

HWY_INLINE void StoreBlock(Bytes d, const Block& block, bool bypasses_cache, uint8_t* to) {
  const bool streams = bypasses_cache && reinterpret_cast<uintptr_t>(to) % kBlockBytes == 0;
  for (size_t i = 0; i < kVectors; ++i) {
    if (streams) {
      hn::Stream(block.v[i], d, to + i * kLanes);
    } else {
      hn::StoreU(block.v[i], d, to + i * kLanes);
    }
  }
}

template <int kBits>
HWY_INLINE void Pass(const TilePass& pass, Place<const uint8_t> from, Place<uint8_t> to, const Passing& passing) {
  const Bytes d;
  Group<kBits> group;
  const int64_t* end = pass.together.data() + pass.together.size();
  for (const int64_t* number = pass.together.data(); number != end; number += Group<kBits>::kBlocks) {
    group.Each([&](Block& block, int i) TILE_LAMBDA {
      const uint8_t* at = from.start + from.offset[number[i]];
      for (size_t part = 0; part < kVectors; ++part) block.v[part] = hn::LoadU(d, at + part * kLanes);
    });
    if (passing.refusals != nullptr) {
      group.Each([&](Block& block, int) TILE_LAMBDA {
        for (const V& v : block.v) passing.refusals->See(v);
      });
    }
    for (const TileStep& step : pass.steps) group.Apply(step);
    group.Each([&](Block& block, int i) TILE_LAMBDA {
      uint8_t* at = to.start + to.offset[number[i]];
      StoreBlock(d, block, passing.bypasses_cache, at);
      if (passing.next.start != nullptr) hwy::Prefetch(passing.next.start + passing.next.offset[number[i]]);
    });
  }
}

HWY_INLINE void PassOf(const TilePass& pass, Place<const uint8_t> from, Place<uint8_t> to, const Passing& passing) {
  switch (pass.bits) {
    case 0:
      return Pass<0>(pass, from, to, passing);
    case 1:
      return Pass<1>(pass, from, to, passing);
    case 2:
      return Pass<2>(pass, from, to, passing);
    case 3:
      return Pass<3>(pass, from, to, passing);
    default:
      return Pass<4>(pass, from, to, passing);
  }
}

bool MoveStretch(const TileProgram& program, const TileRun& run) {
  const Bytes d;
  const uint8_t* from = run.from + run.from_offset[0];
  uint8_t* to = run.to + run.to_offset[0];
  const int64_t size = run.count * kBlockBytes;
  const bool bypasses = run.bypasses_cache;
  const std::vector<TileStep>& steps = program.passes[0].steps;
  if (steps.empty()) return Stretch(program, from, to, size, bypasses, [](V v) { return v; });
  const TileStep& step = steps[0];
  const V by = hn::Set(d, step.mask);
  if (step.kind == TileStep::Kind::add) {
    return Stretch(program, from, to, size, bypasses, [&](V v) TILE_LAMBDA { return hn::Add(v, by); });
  }
  if (step.kind == TileStep::Kind::flip) {
    return Stretch(program, from, to, size, bypasses, [&](V v) TILE_LAMBDA { return hn::Xor(v, by); });
  }
  const V low = Table(d, step.low), high = Table(d, step.high);
  return Stretch(program, from, to, size, bypasses, [&](V v) TILE_LAMBDA { return Mapped(d, v, low, high); });
}

// The tiles of a run, one after another.
class Tiles {
 public:
  explicit Tiles(const TileRun& run) : run_(run) {}
  [[nodiscard]] bool AreLeft() const { return row_ < run_.rows; }
  [[nodiscard]] int64_t From() const { return tile_ * run_.from_stride + row_ * run_.from_row_stride; }
  [[nodiscard]] int64_t To() const { return tile_ * run_.to_stride + row_ * run_.to_row_stride; }
  void Next() {
    if (++tile_ < run_.count) return;
    tile_ = 0;
    ++row_;
  }

 private:
  const TileRun& run_;
  int64_t tile_ = 0, row_ = 0;
};

bool MoveTiles(const TileProgram& program, const TileRun& run) {
  if (program.keeps_places() && run.from_stride == kBlockBytes && run.to_stride == kBlockBytes && run.rows == 1) {
    return MoveStretch(program, run);
  }
  alignas(64) uint8_t between[kBlockBytes << kMostBlockBits];
  int64_t offsets[1 << kMostBlockBits];
  for (int64_t i = 0; i < int64_t{1} << program.block_bits; ++i) offsets[i] = i * kBlockBytes;
  Refusals refusals(program);
  const size_t last = program.passes.size() - 1;
  for (Tiles tiles(run); tiles.AreLeft();) {
    for (size_t i = 0; i <= last; ++i) {
      Place<const uint8_t> from{between, offsets};
      Place<uint8_t> to{between, offsets};
      Passing passing;
      if (i == 0) {
        from = {run.from + tiles.From(), run.from_offset};
        if (program.checks || program.checks_bytes) passing.refusals = &refusals;
      }
      if (i == last) {
        to = {run.to + tiles.To(), run.to_offset};
        passing.bypasses_cache = run.bypasses_cache;
        tiles.Next();
        if (tiles.AreLeft()) passing.next = {run.from + tiles.From(), run.from_offset};
      }
      PassOf(program.passes[i], from, to, passing);
    }
  }
  return !refusals.Any();
}

bool CanMoveTiles() { return true; }

#else

bool MoveTiles(const TileProgram&, const TileRun&) { return false; }
bool CanMoveTiles() { return false; }

#endif
#undef TILE_LAMBDA

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
