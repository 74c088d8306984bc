// How a step of affine_steps-inl.h is taken by all elements of one block, straight from tensor to tensor, for every
// Highway target. Include it below hwy/highway.h, inside no namespace.
#if defined(IMPLS_CPU_AFFINE_MAPS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef IMPLS_CPU_AFFINE_MAPS_INL_H_
#undef IMPLS_CPU_AFFINE_MAPS_INL_H_
#else
#define IMPLS_CPU_AFFINE_MAPS_INL_H_
#endif

#include <type_traits>

#include "impls/cpu/affine_steps-inl.h"
#include "impls/cpu/byte_tables-inl.h"
#include "impls/cpu/elements-inl.h"
#include "impls/cpu/prefetch-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Added to an integer of small magnitude, this leaves the integer's lowest bits in those of the sum; it rounds what is
// none to nearest even. Codes of one byte are whatever the sum's lowest byte is.
constexpr float kRounder = 0x1.8p23F;

HWY_INLINE hn::Vec<hn::RebindToUnsigned<FloatTag>> CodeInLowestByte(AffineV v) {
  return hn::BitCast(hn::RebindToUnsigned<FloatTag>(), hn::Add(v, hn::Set(FloatTag(), kRounder)));
}

template <class Byte>
HWY_INLINE void StoreFinished(IntegerElement<Byte>, AffineV v, Byte* to) {
  const hn::Rebind<uint8_t, FloatTag> d8;
  hn::StoreU(hn::TruncateTo(d8, CodeInLowestByte(v)), d8, reinterpret_cast<uint8_t*>(to));
}
template <class Float>
HWY_INLINE void StoreFinished(Float element, AffineV v, typename Float::Stored* to) {
  StoreRounded(element, FloatTag(), v, to);
}

#if HWY_TARGET != HWY_SCALAR  // whose loads and stores must be aligned
// bf16 to bytes, in lanes of two elements: neither loading nor storing moves anything between lanes. Returns where the
// rest begins, which is less than two vectors.
template <class Step>
HWY_INLINE int64_t MapPairs(Step& step, const uint16_t* from, int64_t count, void* to_bytes) {
  const hn::RebindToUnsigned<FloatTag> du;
  const hn::Rebind<uint16_t, FloatTag> d16;
  auto* to = static_cast<uint8_t*>(to_bytes);
  int64_t i = 0;
  for (; i + 2 * Lanes() <= count; i += 2 * Lanes()) {
    PrefetchAhead(from + i);
    PrefetchAhead(to + i);
    const auto pairs = hn::LoadU(du, reinterpret_cast<const uint32_t*>(from + i));
    const auto first = CodeInLowestByte(step(hn::BitCast(FloatTag(), hn::ShiftLeft<16>(pairs))));
    const auto second = CodeInLowestByte(step(hn::BitCast(FloatTag(), hn::And(pairs, hn::Set(du, 0xffff0000U)))));
    const auto codes = hn::Or(hn::And(first, hn::Set(du, 255U)), hn::ShiftLeft<8>(second));
    hn::StoreU(hn::TruncateTo(d16, codes), d16, reinterpret_cast<uint16_t*>(to + i));
  }
  return i;
}
#endif

// Elements of one block: whole vectors.
template <class In, class Out, class Step>
HWY_INLINE void MapBlock(In in, Out out, Step& step, const typename In::Stored* from, int64_t count,
                         typename Out::Stored* to) {
  int64_t i = 0;
#if HWY_TARGET != HWY_SCALAR
  if constexpr (std::is_same_v<In, Bf16Element> && sizeof(typename Out::Stored) == 1) {
    i = MapPairs(step, from, count, to);
  }
#endif
  for (; i < count; i += Lanes()) {
    PrefetchAhead(from + i);
    PrefetchAhead(to + i);
    StoreFinished(out, step(LoadAsF32(in, FloatTag(), from + i)), to + i);
  }
}

// Whether all of `count` bytes are among the sixteen codes from the lowest one on.
HWY_INLINE bool AreOfSixteen(const uint8_t* codes, int64_t count, uint8_t lowest) {
  const hn::CappedTag<uint8_t, 64> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  auto bits = hn::Zero(d);
  uint8_t rest = 0;
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) bits = hn::Or(bits, hn::Sub(hn::LoadU(d, codes + i), hn::Set(d, lowest)));
  for (; i < count; ++i) rest |= static_cast<uint8_t>(codes[i] - lowest);
  return rest < 16 && hn::AllTrue(d, hn::Eq(hn::And(bits, hn::Set(d, uint8_t{0xf0})), hn::Zero(d)));
}

// The same from codes. Where there are sixteen at most, each is mapped once, and results are looked up, if they take
// rounding to make, as those of two bytes do; codes of any other value may come, too.
template <class Byte, class Out, class Step>
HWY_INLINE void MapCodes(const AffineJob& job, IntegerElement<Byte> in, Out out, const Step& step, const Byte* from,
                         int64_t count, typename Out::Stored* to) {
  constexpr int64_t kWorthTables = 64;
  const auto* codes = reinterpret_cast<const uint8_t*>(from);
  const auto lowest = static_cast<Byte>(static_cast<int>(job.low));
  int64_t done = 0;
  if (HWY_TARGET != HWY_SCALAR && sizeof(typename Out::Stored) == 2 && job.high - job.low <= 15 &&
      count >= kWorthTables && AreOfSixteen(codes, count, static_cast<uint8_t>(lowest))) {
    HWY_ALIGN Byte each[16];
    HWY_ALIGN typename Out::Stored results[16];
    for (int i = 0; i < 16; ++i) each[i] = static_cast<Byte>(lowest + i);
    for (int64_t i = 0; i < 16; i += Lanes()) {
      StoreFinished(out, step(LoadAsF32(in, FloatTag(), each + i)), results + i);
    }
    for (int64_t i = 0; i < count; i += 64) PrefetchAhead(codes + i);
    done = LookUpCodes(ByteTables<Out>(results), codes, static_cast<uint8_t>(lowest), count, to);
  }
  MapBlock(in, out, step, from + done, count - done, to + done);
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
