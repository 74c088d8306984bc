// pack_uintx and unpack_uintx: codes of 1 to 7 bits from and to shards of 4, 2 and 1 bits.
//
// The packed dimension of n elements falls into eight parts of `unit` = n / 8 * inner contiguous bytes. A shard of
// width w has the w parts 0 … w - 1; bits jw … of its part p come from part p + jw of the codes. So everything is done
// by moving some bits of all bytes of one part to another place in all bytes of another.

#include <array>
#include <type_traits>
#include <utility>

#include "impls/cpu/kernels.h"
#include "impls/cpu/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/uintx.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifndef PLUMB_CPU_UINTX_SHARED
#define PLUMB_CPU_UINTX_SHARED
namespace plumb::cpu {

// Bytes [first, last) of each part of one slice of the outer dimensions.
struct UintxSlice {
  uint8_t* codes;      // eight parts
  uint8_t* shards[3];  // of widths 4, 2 and 1
  int64_t bits, unit, first, last;
};

}  // namespace plumb::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Which bits go where: to = (from >> right & mask) << left, together with what is there already if `merge`.
struct Move {
  int right, mask, left;
  bool merge;
};

// As many whole vectors of `d` as fit into [i, count); returns where the rest begins.
template <class D>
HWY_INLINE int64_t MoveVectors(D d, const uint8_t* from, uint8_t* to, Move move, int64_t i, int64_t count) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto mask = hn::Set(d, static_cast<uint8_t>(move.mask));
  for (; i + lanes <= count; i += lanes) {
    const auto bits = hn::And(hn::ShiftRightSame(hn::LoadU(d, from + i), move.right), mask);
    const auto placed = hn::ShiftLeftSame(bits, move.left);
    hn::StoreU(move.merge ? hn::Or(placed, hn::LoadU(d, to + i)) : placed, d, to + i);
  }
  return i;
}

// What is left of parts after whole vectors, or parts that are short.
HWY_INLINE void MoveBits(const uint8_t* from, uint8_t* to, Move move, int64_t count) {
  int64_t i = MoveVectors(hn::CappedTag<uint8_t, 8>(), from, to, move, 0, count);
  for (; i < count; ++i) {
    const int placed = (from[i] >> move.right & move.mask) << move.left;
    to[i] = static_cast<uint8_t>(move.merge ? to[i] | placed : placed);
  }
}

#if HWY_TARGET != HWY_SCALAR  // which has no vectors to speak of
// The bits [from, from + width) of each byte moved to [to, to + width), and no others. Whatever is moved stays in its
// byte, so that it may be moved together with its neighbour.
template <int kFrom, int kTo, int kWidth, class D, class V = hn::Vec<D>>
HWY_INLINE V MoveField(D d, V v) {
  const hn::Repartition<uint16_t, D> d16;
  const auto field = hn::BitCast(d16, hn::And(v, hn::Set(d, static_cast<uint8_t>(((1 << kWidth) - 1) << kFrom))));
  if constexpr (kFrom < kTo) {
    return hn::BitCast(d, hn::ShiftLeft<kTo - kFrom>(field));
  } else {
    return hn::BitCast(d, hn::ShiftRight<kFrom - kTo>(field));
  }
}

// Calls body with integral constants 0 ... kCount - 1.
template <int kCount, class Body>
HWY_INLINE void ForConstants(const Body& body) {
  [&]<int... kIndex>(std::integer_sequence<int, kIndex...>) { (body(std::integral_constant<int, kIndex>()), ...); }
  (std::make_integer_sequence<int, kCount>());
}

// Calls body(index of the shard, its width, bits of a code that narrower shards do not have) for each shard of kBits.
template <int kBits, class Body>
HWY_INLINE void ForShards(const Body& body) {
  ForConstants<3>([&](auto index) {
    constexpr int kWidth = 4 >> index();
    constexpr int kBelow = kBits & ~(2 * kWidth - 1) & 7;
    if constexpr ((kBits & kWidth) != 0) {
      body(index, std::integral_constant<int, kWidth>(), std::integral_constant<int, kBelow>());
    }
  });
}

// Whole vectors of a slice: of each part together, as all of it stays in registers. Returns where the rest begins.
template <int kBits>
HWY_INLINE int64_t PackVectors(const UintxSlice& s) {
  const hn::ScalableTag<uint8_t> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = s.first;
  for (; i + lanes <= s.last; i += lanes) {
    ForShards<kBits>([&](auto shard, auto width, auto below) {
      ForConstants<width()>([&](auto part) {
        auto bytes = hn::Zero(d);
        ForConstants<8 / width()>([&](auto field) {
          const auto codes = hn::LoadU(d, s.codes + (part() + field() * width()) * s.unit + i);
          bytes = hn::Or(bytes, MoveField<below(), field() * width(), width()>(d, codes));
        });
        hn::StoreU(bytes, d, s.shards[shard()] + part() * s.unit + i);
      });
    });
  }
  return i;
}

template <int kBits>
HWY_INLINE int64_t UnpackVectors(const UintxSlice& s) {
  const hn::ScalableTag<uint8_t> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = s.first;
  for (; i + lanes <= s.last; i += lanes) {
    ForConstants<8>([&](auto part) {
      auto codes = hn::Zero(d);
      ForShards<kBits>([&](auto shard, auto width, auto below) {
        const auto bytes = hn::LoadU(d, s.shards[shard()] + part() % width() * s.unit + i);
        codes = hn::Or(codes, MoveField<part() / width() * width(), below(), width()>(d, bytes));
      });
      hn::StoreU(codes, d, s.codes + part() * s.unit + i);
    });
  }
  return i;
}

// Calls body with an integral constant that is `bits`.
template <class Body>
HWY_INLINE void WithBits(int64_t bits, const Body& body) {
  ForConstants<7>([&](auto less) {
    if (bits == less() + 1) body(std::integral_constant<int, less() + 1>());
  });
}
#endif

void PackSlice(UintxSlice s) {
#if HWY_TARGET != HWY_SCALAR
  WithBits(s.bits, [&](auto bits) { s.first = PackVectors<bits()>(s); });
#endif
  int below = 0;  // bits of a code that narrower shards do not have
  for (int i = 0; i < 3; ++i) {
    const int width = 4 >> i;
    if ((s.bits & width) == 0) continue;
    for (int part = 0; part < 8; ++part) {
      const int left = part / width * width;
      MoveBits(s.codes + part * s.unit + s.first, s.shards[i] + part % width * s.unit + s.first,
               {below, (1 << width) - 1, left, left > 0}, s.last - s.first);
    }
    below += width;
  }
}

void UnpackSlice(UintxSlice s) {
#if HWY_TARGET != HWY_SCALAR
  WithBits(s.bits, [&](auto bits) { s.first = UnpackVectors<bits()>(s); });
#endif
  int below = 0;
  for (int i = 0; i < 3; ++i) {
    const int width = 4 >> i;
    if ((s.bits & width) == 0) continue;
    for (int part = 0; part < 8; ++part) {
      const int right = part / width * width;
      MoveBits(s.shards[i] + part % width * s.unit + s.first, s.codes + part * s.unit + s.first,
               {right, (1 << width) - 1, below, below > 0}, s.last - s.first);
    }
    below += width;
  }
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {
namespace {

HWY_EXPORT(PackSlice);
HWY_EXPORT(UnpackSlice);

using Body = void (*)(UintxSlice);

// Short enough that all parts of a slice stay in the nearest cache.
constexpr std::int64_t kSliceBytes = 2048;
// Codes that are worth a thread.
constexpr std::int64_t kChunkCodes = 1 << 16;

// Calls `body` for all of codes and shards, of which one side is input and only read.
void run_slices(const Call& call, Body body, std::uint8_t* codes, std::array<std::uint8_t*, 3> shards) {
  const std::int64_t bits = call["bits"], unit = call["n"] / 8 * call["inner"];
  if (unit == 0) return;
  const std::int64_t per_outer = (unit + kSliceBytes - 1) / kSliceBytes, slices = call["outer"] * per_outer;
  const std::int64_t per_chunk = std::max<std::int64_t>(kChunkCodes / (8 * std::min(unit, kSliceBytes)), 1);
  const auto run_one = [&](std::int64_t slice) {
    const std::int64_t outer = slice / per_outer, first = slice % per_outer * kSliceBytes;
    UintxSlice s{codes + outer * 8 * unit, {}, bits, unit, first, std::min(first + kSliceBytes, unit)};
    for (std::size_t i = 0; i < 3; ++i) s.shards[i] = shards[i] + (bits & (4 >> i)) * outer * unit;
    body(s);
  };
  parallel_ranges((slices + per_chunk - 1) / per_chunk, call.threads(), [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t slice = first * per_chunk; slice < std::min(last * per_chunk, slices); ++slice) run_one(slice);
  });
}

std::uint8_t* input(const Call& call, std::size_t place) {
  return const_cast<std::uint8_t*>(call.input<std::uint8_t>(place).data());
}

std::uint8_t* output(const Call& call, std::size_t place) { return call.output<std::uint8_t>(place).data(); }

}  // namespace

Kernel pack_uintx(const Target& target) {
  const Body body = PLUMB_FOR_TARGET(PackSlice, target);
  return {"pack_uintx", kExactContract, {}, [body](const Call& call, void*) {
            run_slices(call, body, input(call, 0), {output(call, 0), output(call, 1), output(call, 2)});
          }};
}

Kernel unpack_uintx(const Target& target) {
  const Body body = PLUMB_FOR_TARGET(UnpackSlice, target);
  return {"unpack_uintx", kExactContract, {}, [body](const Call& call, void*) {
            run_slices(call, body, output(call, 0), {input(call, 0), input(call, 1), input(call, 2)});
          }};
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
