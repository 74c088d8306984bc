// The smallest and largest of some values, for every Highway target. Include it below elements-inl.h, inside no
// namespace.
#if defined(IMPLS_CPU_RANGE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef IMPLS_CPU_RANGE_INL_H_
#undef IMPLS_CPU_RANGE_INL_H_
#else
#define IMPLS_CPU_RANGE_INL_H_
#endif

#include <limits>

#include "impls/cpu/elements-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Extends [min, max] by `count` values. A NaN makes both NaN, for good.
HWY_INLINE void Extend(const float* values, int64_t count, float& min, float& max) {
  const FloatTag d;
  using V = hn::Vec<FloatTag>;
  V least = hn::Set(d, min), most = hn::Set(d, max), any_nan = hn::Zero(d);
  int64_t i = 0;
  for (; i + Lanes() <= count; i += Lanes()) {
    const V v = hn::LoadU(d, values + i);
    const auto is_number = hn::Eq(v, v);
    any_nan = hn::Or(any_nan, hn::IfThenElseZero(hn::Not(is_number), v));
    least = hn::Min(least, hn::IfThenElse(is_number, v, least));
    most = hn::Max(most, hn::IfThenElse(is_number, v, most));
  }
  // Bits of NaN survive in a union of NaNs.
  const hn::RebindToSigned<FloatTag> di;
  bool nan = min != min || !hn::AllTrue(di, hn::Eq(hn::BitCast(di, any_nan), hn::Zero(di)));
  min = hn::GetLane(hn::MinOfLanes(d, least));
  max = hn::GetLane(hn::MaxOfLanes(d, most));
  for (; i < count; ++i) {
    nan = nan || values[i] != values[i];
    min = HWY_MIN(min, values[i]);
    max = HWY_MAX(max, values[i]);
  }
  if (nan) min = max = std::numeric_limits<float>::quiet_NaN();
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
