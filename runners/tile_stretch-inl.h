// Bytes that change, but stay where they are: one stretch of memory to another. For every Highway target; include it
// inside no namespace.
#if defined(RUNNERS_TILE_STRETCH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RUNNERS_TILE_STRETCH_INL_H_
#undef RUNNERS_TILE_STRETCH_INL_H_
#else
#define RUNNERS_TILE_STRETCH_INL_H_
#endif

#include <algorithm>
#include <cstring>

#include "runners/tile_vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plumb::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR

// One vector that may lie anywhere, or less: the rest is filled up with what it begins with, which is as good as the
// codes that are there.
template <class Change>
HWY_INLINE void MovePart(Bytes d, const uint8_t* from, uint8_t* to, int64_t size, Refusals& refusals,
                         const Change& change) {
  alignas(64) uint8_t part[kBlockBytes];
  for (size_t j = 0; j < hn::Lanes(d); ++j) part[j] = from[static_cast<int64_t>(j) % size];
  const V v = hn::Load(d, part);
  refusals.See(v);
  hn::Store(change(v), d, part);
  std::memcpy(to, part, static_cast<size_t>(size));
}

constexpr int64_t kPageBytes = 4096, kPages = 4, kTurnBytes = 512;

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
    // Some pages at a time, some lines of each in turn, keep more of the memory busy; fewer lines at a time keep less.
    for (; i + kPages * kPageBytes <= size; i += kPages * kPageBytes) {
      for (int64_t part = i; part < i + kPageBytes; part += kTurnBytes) {
        for (int64_t page = part; page < part + kPages * kPageBytes; page += kPageBytes) {
          for (int64_t at = page; at < page + kTurnBytes; at += 4 * lanes) {
            hwy::Prefetch(from + at + kPages * kPageBytes);
            const V v0 = hn::LoadU(d, from + at), v1 = hn::LoadU(d, from + at + lanes);
            const V v2 = hn::LoadU(d, from + at + 2 * lanes), v3 = hn::LoadU(d, from + at + 3 * lanes);
            for (const V v : {v0, v1, v2, v3}) refusals.See(v);
            hn::Stream(change(v0), d, to + at);
            hn::Stream(change(v1), d, to + at + lanes);
            hn::Stream(change(v2), d, to + at + 2 * lanes);
            hn::Stream(change(v3), d, to + at + 3 * lanes);
          }
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

#endif

}  // namespace plumb::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
