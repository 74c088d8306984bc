// Codes of a weight laid out in quads (int8_args.h), and their products with int8, for every Highway target. Include it
// below hwy/highway.h, inside no namespace.
#if defined(IMPLS_CPU_INT8_CODES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef IMPLS_CPU_INT8_CODES_INL_H_
#undef IMPLS_CPU_INT8_CODES_INL_H_
#else
#define IMPLS_CPU_INT8_CODES_INL_H_
#endif

#include "impls/cpu/int8_dot-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {

using FloatLanes = hn::RebindToFloat<LaneTag>;
using VF = hn::Vec<FloatLanes>;

// Two vectors of outputs: rows j … and 16 + j … of a block.
struct IntPair {
  VI low, high;
};
struct FloatPair {
  VF low, high;
};

// Codes of a quad for lanes j … of both halves of a block, and their products.
struct NibbleCodes {
  static constexpr int64_t kBytes = 64;
  static constexpr int32_t kOffset = 8;
  static HWY_INLINE IntPair Load(const uint8_t* quad, int64_t j) {
    const LaneTag d;
    const VI both = hn::LoadU(d, reinterpret_cast<const int32_t*>(quad + 4 * j)), mask = hn::Set(d, 0x0f0f0f0f);
    return {hn::And(both, mask), hn::And(hn::ShiftRight<4>(both), mask)};
  }
  template <class Dot>
  static HWY_INLINE VI Sum(VI sum, VI codes, VI x) {
    return Dot::Nibbles(sum, codes, x);
  }
};
struct ByteCodes {
  static constexpr int64_t kBytes = 128;
  static constexpr int32_t kOffset = 128;
  static HWY_INLINE IntPair Load(const uint8_t* quad, int64_t j) {
    const LaneTag d;
    return {hn::LoadU(d, reinterpret_cast<const int32_t*>(quad + 4 * j)),
            hn::LoadU(d, reinterpret_cast<const int32_t*>(quad + 64 + 4 * j))};
  }
  template <class Dot>
  static HWY_INLINE VI Sum(VI sum, VI codes, VI x) {
    return Dot::Bytes(sum, codes, x);
  }
};

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
