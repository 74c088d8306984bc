// The smallest and largest of some values, for every Highway target. Include it below elements-inl.h, inside no
// namespace.
#if defined(IMPLS_CPU_RANGE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef IMPLS_CPU_RANGE_INL_H_
#undef IMPLS_CPU_RANGE_INL_H_
#else
#define IMPLS_CPU_RANGE_INL_H_
#endif

#include <cstring>
#include <limits>

#include "impls/cpu/elements-inl.h"
#include "impls/cpu/prefetch-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The smallest and the largest of some values, lane by lane, and whether there were NaNs among them: then the other two
// are of no use, as targets' minimum and maximum treat NaN differently.
struct Extremes {
  using V = hn::Vec<FloatTag>;
  Extremes(float min, float max)
      : least(hn::Set(FloatTag(), min)), most(hn::Set(FloatTag(), max)), any_nan(hn::IsNaN(least)) {}

  HWY_INLINE void Meet(V v) {
    any_nan = hn::Or(any_nan, hn::IsNaN(v));
    least = hn::Min(least, v);
    most = hn::Max(most, v);
  }

  V least, most;
  hn::Mask<FloatTag> any_nan;
};

// Extends [min, max] by `count` values. A NaN makes both NaN, for good.
HWY_INLINE void Extend(const float* values, int64_t count, float& min, float& max) {
  const FloatTag d;
  Extremes even(min, max), odd = even;
  int64_t i = 0;
  for (; i + 2 * Lanes() <= count; i += 2 * Lanes()) {
    PrefetchAhead(values + i);
    PrefetchAhead(values + i + Lanes());
    even.Meet(hn::LoadU(d, values + i));
    odd.Meet(hn::LoadU(d, values + i + Lanes()));
  }
  if (i + Lanes() <= count) {
    even.Meet(hn::LoadU(d, values + i));
    i += Lanes();
  }
  bool nan = min != min || !hn::AllFalse(d, hn::Or(even.any_nan, odd.any_nan));
  min = hn::GetLane(hn::MinOfLanes(d, hn::Min(even.least, odd.least)));
  max = hn::GetLane(hn::MaxOfLanes(d, hn::Max(even.most, odd.most)));
  for (; i < count; ++i) {
    float value;
    std::memcpy(&value, values + i, sizeof value);  // tensors need not be aligned
    nan = nan || value != value;
    min = HWY_MIN(min, value);
    max = HWY_MAX(max, value);
  }
  if (nan) min = max = std::numeric_limits<float>::quiet_NaN();
}

constexpr uint16_t InfinityBits(F16Element) { return 0x7c00; }
constexpr uint16_t InfinityBits(Bf16Element) { return 0x7f80; }

#if HWY_TARGET != HWY_SCALAR  // whose loads must be aligned
// Integers in the order of the numbers that 16-bit floats of these bits stand for: negative ones, whose magnitudes grow
// downwards, have those bits flipped. NaNs lie beyond infinity on both sides. It is its own inverse.
constexpr int16_t InOrder(int16_t bits) { return static_cast<int16_t>(bits < 0 ? bits ^ 0x7fff : bits); }
template <class D, class V = hn::Vec<D>>
HWY_INLINE V InOrder(D d, V bits) {
  return hn::Xor(bits, hn::And(hn::ShiftRight<15>(bits), hn::Set(d, int16_t{0x7fff})));
}

template <class Element>
HWY_INLINE float FromOrder(Element element, int16_t place) {
  const auto bits = static_cast<uint16_t>(InOrder(place));
  return hn::GetLane(LoadAsF32(element, hn::CappedTag<float, 1>(), &bits));
}

// The largest lane of each of two vectors, folded together: the other halves of lanes are b's.
template <class D, class V = hn::Vec<D>>
HWY_INLINE void LargestOfEach(D d, V a, V b, int16_t& largest_a, int16_t& largest_b) {
  constexpr size_t kLanes = hn::MaxLanes(D());
  const hn::Repartition<uint32_t, D> d32;
  auto v = hn::Max(hn::ConcatLowerLower(d, b, a), hn::ConcatUpperUpper(d, b, a));
  if constexpr (kLanes >= 32) v = hn::Max(v, hn::SwapAdjacentBlocks(v));
  if constexpr (kLanes >= 16) v = hn::Max(v, hn::BitCast(d, hn::Shuffle1032(hn::BitCast(d32, v))));
  v = hn::Max(v, hn::BitCast(d, hn::Shuffle2301(hn::BitCast(d32, v))));
  v = hn::Max(v, hn::BitCast(d, hn::RotateRight<16>(hn::BitCast(d32, v))));
  HWY_ALIGN int16_t lanes[kLanes];
  hn::Store(v, d, lanes);
  largest_a = lanes[0], largest_b = lanes[kLanes / 2];
}

// The same of 16-bit floats.
template <class Element>
HWY_INLINE void Extend(Element element, const uint16_t* values, int64_t count, float& min, float& max) {
  const hn::CappedTag<int16_t, 32> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  auto least = hn::Set(d, int16_t{0x7fff}), most = hn::Set(d, int16_t{-0x8000});
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    PrefetchAhead(values + i);
    const auto places = InOrder(d, hn::LoadU(d, reinterpret_cast<const int16_t*>(values) + i));
    least = hn::Min(least, places);
    most = hn::Max(most, places);
  }
  int16_t first, last;
  LargestOfEach(d, hn::Not(least), most, first, last);
  first = static_cast<int16_t>(~first);
  for (; i < count; ++i) {
    int16_t bits;
    std::memcpy(&bits, values + i, sizeof bits);
    first = HWY_MIN(first, InOrder(bits));
    last = HWY_MAX(last, InOrder(bits));
  }
  constexpr auto kInfinity = static_cast<int16_t>(InfinityBits(Element()));
  if (min != min || last > kInfinity || first < ~kInfinity) {
    min = max = std::numeric_limits<float>::quiet_NaN();
  } else if (count > 0) {
    min = HWY_MIN(min, FromOrder(element, first));
    max = HWY_MAX(max, FromOrder(element, last));
  }
}
#endif

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
