// Vectors of bytes that hold codes: changing them where they are, and looking whether they fit. For every Highway
// target; include it inside no namespace.
#if defined(RUNNERS_TILE_VECTORS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RUNNERS_TILE_VECTORS_INL_H_
#undef RUNNERS_TILE_VECTORS_INL_H_
#else
#define RUNNERS_TILE_VECTORS_INL_H_
#endif

#include <hwy/highway.h>

#include "runners/tile_program.h"

HWY_BEFORE_NAMESPACE();
namespace plumb::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR

using Bytes = hn::CappedTag<uint8_t, kBlockBytes>;
using V = hn::Vec<Bytes>;
constexpr size_t kLanes = hn::MaxLanes(Bytes());
constexpr size_t kVectors = kBlockBytes / kLanes;  // of a block

HWY_INLINE V Table(Bytes d, const std::array<uint8_t, 16>& table) { return hn::LoadDup128(d, table.data()); }

HWY_INLINE V HighNibbles(Bytes d, V v) {
  const hn::Repartition<uint16_t, Bytes> d16;
  return hn::And(hn::BitCast(d, hn::ShiftRight<4>(hn::BitCast(d16, v))), hn::Set(d, 15));
}

HWY_INLINE V Mapped(Bytes d, V v, V low, V high) {
  return hn::Or(hn::TableLookupBytes(low, hn::And(v, hn::Set(d, 15))), hn::TableLookupBytes(high, HighNibbles(d, v)));
}

// The bits of `yes` where `mask` has ones, else those of `no`.
HWY_INLINE V Selected(V mask, V yes, V no) {
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
  return hn::IfVecThenElse(mask, yes, no);
#else
  return hn::Or(hn::And(mask, yes), hn::AndNot(mask, no));
#endif
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

#endif

}  // namespace plumb::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
