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

#include "runners/tile_permutation-inl.h"
#include "runners/tile_stretch-inl.h"
#include "runners/tile_vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plumb::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR

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

// Where the blocks of one side of a pass lie: the one that is done i-th at `start + offset[i]`.
template <class Byte>
struct Place {
  Byte* start;
  const int64_t* offset;
};

// What else is to be done with the blocks of a pass.
struct Passing {
  Refusals* refusals = nullptr;  // of the first pass, if anything can be refused
  bool streams = false;          // whether blocks, which are whole lines then, are written around the cache
  // Of the last pass: where the next tile's blocks lie, and go. They are fetched meanwhile.
  Place<const uint8_t> next{nullptr, nullptr};
  Place<const uint8_t> next_to{nullptr, nullptr};
};

HWY_INLINE void StoreBlock(Bytes d, const Block& block, bool streams, uint8_t* to) {
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
  const auto end = static_cast<int64_t>(pass.together.size());
  for (int64_t done = 0; done < end; done += Group<kBits>::kBlocks) {
    group.Each([&](Block& block, int i) TILE_LAMBDA {
      const uint8_t* at = from.start + from.offset[done + i];
      for (size_t part = 0; part < kVectors; ++part) block.v[part] = hn::LoadU(d, at + part * kLanes);
    });
    if (passing.refusals != nullptr) {
      group.Each([&](Block& block, int) TILE_LAMBDA {
        for (const V& v : block.v) passing.refusals->See(v);
      });
    }
    for (const TileStep& step : pass.steps) group.Apply(step);
    group.Each([&](Block& block, int i) TILE_LAMBDA {
      StoreBlock(d, block, passing.streams, to.start + to.offset[done + i]);
      if (passing.next.start != nullptr) hwy::Prefetch(passing.next.start + passing.next.offset[done + i]);
      if (passing.next_to.start != nullptr) hwy::Prefetch(passing.next_to.start + passing.next_to.offset[done + i]);
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

// Of a tile's blocks, in the order in which the passes take them.
class Offsets {
 public:
  Offsets(const TileProgram& program, const TileRun& run) {
    static constexpr auto kBetween = [] {
      std::array<int64_t, 1 << kMostBlockBits> offsets{};
      for (size_t i = 0; i < offsets.size(); ++i) offsets[i] = static_cast<int64_t>(i) * kBlockBytes;
      return offsets;
    }();
    for (const TilePass& pass : program.passes) between_.push_back(Taken(pass, kBetween.data()));
    from_ = Taken(program.passes.front(), run.from_offset);
    next_from_ = Taken(program.passes.back(), run.from_offset);
    to_ = Taken(program.passes.back(), run.to_offset);
  }

  [[nodiscard]] const int64_t* Between(size_t pass) const { return between_[pass].data(); }
  [[nodiscard]] const int64_t* From() const { return from_.data(); }
  [[nodiscard]] const int64_t* NextFrom() const { return next_from_.data(); }
  [[nodiscard]] const int64_t* To() const { return to_.data(); }

  // Whether every block goes to a line of its own.
  [[nodiscard]] bool AreLines(const TileRun& run) const {
    const auto is_line = [](int64_t offset) { return offset % kBlockBytes == 0; };
    return is_line(static_cast<int64_t>(reinterpret_cast<uintptr_t>(run.to))) && is_line(run.to_stride) &&
           is_line(run.to_row_stride) && std::ranges::all_of(to_, is_line);
  }

 private:
  static std::vector<int64_t> Taken(const TilePass& pass, const int64_t* offsets) {
    std::vector<int64_t> taken;
    taken.reserve(pass.together.size());
    for (const int64_t number : pass.together) taken.push_back(offsets[number]);
    return taken;
  }

  std::vector<std::vector<int64_t>> between_;
  std::vector<int64_t> from_, next_from_, to_;
};

bool MoveTiles(const TileProgram& program, const TileRun& run) {
  if (program.keeps_places() && run.from_stride == kBlockBytes && run.to_stride == kBlockBytes && run.rows == 1) {
    return MoveStretch(program, run);
  }
  alignas(64) uint8_t between[kBlockBytes << kMostBlockBits];
  const Offsets offsets(program, run);
  const bool streams = run.bypasses_cache && offsets.AreLines(run);
  Refusals refusals(program);
  const size_t last = program.passes.size() - 1;
  for (Tiles tiles(run); tiles.AreLeft();) {
    for (size_t i = 0; i <= last; ++i) {
      Place<const uint8_t> from{between, offsets.Between(i)};
      Place<uint8_t> to{between, offsets.Between(i)};
      Passing passing;
      if (i == 0) {
        from = {run.from + tiles.From(), offsets.From()};
        if (program.checks || program.checks_bytes) passing.refusals = &refusals;
      }
      if (i == last) {
        to = {run.to + tiles.To(), offsets.To()};
        passing.streams = streams;
        tiles.Next();
        if (tiles.AreLeft()) {
          passing.next = {run.from + tiles.From(), offsets.NextFrom()};
          if (!streams) passing.next_to = {run.to + tiles.To(), offsets.To()};
        }
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
