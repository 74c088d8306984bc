// pack_uintx and unpack_uintx: codes of 1 to 7 bits from and to shards of 4, 2 and 1 bits.
//
// The packed dimension of n elements falls into eight parts of `unit` = n / 8 * inner contiguous bytes. A shard of
// width w has the w parts 0 … w - 1; bits jw … of its part p come from part p + jw of the codes. So everything is done
// by moving some bits of all bytes of one part to another place in all bytes of another.

#include <array>

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

HWY_INLINE void MoveBits(const uint8_t* from, uint8_t* to, Move move, int64_t count) {
  int64_t i = MoveVectors(hn::ScalableTag<uint8_t>(), from, to, move, 0, count);
  i = MoveVectors(hn::CappedTag<uint8_t, 8>(), from, to, move, i, count);  // parts may be short
  for (; i < count; ++i) {
    const int placed = (from[i] >> move.right & move.mask) << move.left;
    to[i] = static_cast<uint8_t>(move.merge ? to[i] | placed : placed);
  }
}

void PackSlice(const UintxSlice& s) {
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

void UnpackSlice(const UintxSlice& s) {
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

using Body = void (*)(const UintxSlice&);

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
