// Codes of a weight laid out in quads as AMX's tiles. For every Highway target, though only one has them; include it
// below hwy/highway.h, inside no namespace.
#if defined(IMPLS_CPU_CODE_TILES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef IMPLS_CPU_CODE_TILES_INL_H_
#undef IMPLS_CPU_CODE_TILES_INL_H_
#else
#define IMPLS_CPU_CODE_TILES_INL_H_
#endif

#include <hwy/cache_control.h>

#include "impls/cpu/amx.h"
#include "impls/cpu/int8_codes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {

#if HWY_TARGET == HWY_AVX3
constexpr int64_t kTile = 16;         // rows of a tile, and quads of a row
constexpr int64_t kTileBytes = 1024;  // 16 rows of 64 bytes
constexpr int64_t kTileRowsTogether = 64;

// The codes of a segment as bytes: tiles of 16 quads of rows 0 … 15, and the same of rows 16 … 31; beyond the segment
// zero, so that whatever they are multiplied by does not count.
template <class Codes>
HWY_INLINE void UnpackSegment(const uint8_t* codes, int64_t quads, int64_t steps, uint8_t* low, uint8_t* high) {
  const LaneTag d;
  for (int64_t q = 0; q < quads; ++q) {
    hwy::Prefetch(codes + (q + quads) * Codes::kBytes);  // the segment after this one
    const IntPair both = Codes::Load(codes + q * Codes::kBytes, 0);
    hn::Store(both.low, d, reinterpret_cast<int32_t*>(low + 64 * q));
    hn::Store(both.high, d, reinterpret_cast<int32_t*>(high + 64 * q));
  }
  for (int64_t q = quads; q < kTile * steps; ++q) {
    hn::Store(hn::Zero(d), d, reinterpret_cast<int32_t*>(low + 64 * q));
    hn::Store(hn::Zero(d), d, reinterpret_cast<int32_t*>(high + 64 * q));
  }
}

using TileSums = int32_t[2][kTile * kTile];  // of both halves of a block: [row of activation, output]
#endif

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
