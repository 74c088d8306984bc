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

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The smallest and the largest of some values, lane by lane, and whether there were NaNs among them, which targets'
// minimum and maximum treat differently.
struct Extremes {
  using V = hn::Vec<FloatTag>;
  Extremes(float min, float max)
      : least(hn::Set(FloatTag(), min)), most(hn::Set(FloatTag(), max)), any_nan(hn::Zero(FloatTag())) {}

  HWY_INLINE void Meet(V v) {
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    const FloatTag d;
    const auto is_number = hn::Eq(v, v);
    any_nan = hn::Or(any_nan, hn::IfThenElseZero(hn::Not(is_number), v));
    least = hn::Min(least, hn::IfThenElse(is_number, v, hn::Set(d, kInfinity)));
    most = hn::Max(most, hn::IfThenElse(is_number, v, hn::Set(d, -kInfinity)));
  }

  V least, most, any_nan;
};

// Extends [min, max] by `count` values. A NaN makes both NaN, for good.
HWY_INLINE void Extend(const float* values, int64_t count, float& min, float& max) {
  const FloatTag d;
  Extremes even(min, max), odd = even;
  int64_t i = 0;
  for (; i + 2 * Lanes() <= count; i += 2 * Lanes()) {
    even.Meet(hn::LoadU(d, values + i));
    odd.Meet(hn::LoadU(d, values + i + Lanes()));
  }
  if (i + Lanes() <= count) {
    even.Meet(hn::LoadU(d, values + i));
    i += Lanes();
  }
  // Bits of NaN survive in a union of NaNs.
  const hn::RebindToSigned<FloatTag> di;
  const auto any_nan = hn::Or(even.any_nan, odd.any_nan);
  bool nan = min != min || !hn::AllTrue(di, hn::Eq(hn::BitCast(di, any_nan), hn::Zero(di)));
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

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
