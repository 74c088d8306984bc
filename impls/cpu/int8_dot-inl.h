// Sums of four products of bytes in each 32-bit lane, for every Highway target. Include it below hwy/highway.h, inside
// no namespace.
//
// u8 * s8 is what x86 has an instruction for, and also a trap: vpmaddubsw adds two products with saturation at 16 bits.
// It is used for nibbles only, whose pairs stay within 2 * 15 * 128; bytes are widened first.
#if defined(IMPLS_CPU_INT8_DOT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef IMPLS_CPU_INT8_DOT_INL_H_
#undef IMPLS_CPU_INT8_DOT_INL_H_
#else
#define IMPLS_CPU_INT8_DOT_INL_H_
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using LaneTag = hn::CappedTag<int32_t, 16>;
using VI = hn::Vec<LaneTag>;

#if HWY_TARGET == HWY_AVX3
HWY_INLINE VI AddPairs(VI u, VI s) { return VI{_mm512_maddubs_epi16(u.raw, s.raw)}; }
HWY_INLINE VI MulAddPairs(VI a, VI b) { return VI{_mm512_madd_epi16(a.raw, b.raw)}; }
HWY_INLINE VI OddHalves(VI v) { return VI{_mm512_srai_epi16(v.raw, 8)}; }
HWY_INLINE VI EvenHalves(VI v) { return VI{_mm512_srai_epi16(_mm512_slli_epi16(v.raw, 8), 8)}; }
HWY_INLINE VI OddBytes(VI v) { return VI{_mm512_srli_epi16(v.raw, 8)}; }
#elif HWY_TARGET == HWY_AVX2
HWY_INLINE VI AddPairs(VI u, VI s) { return VI{_mm256_maddubs_epi16(u.raw, s.raw)}; }
HWY_INLINE VI MulAddPairs(VI a, VI b) { return VI{_mm256_madd_epi16(a.raw, b.raw)}; }
HWY_INLINE VI OddHalves(VI v) { return VI{_mm256_srai_epi16(v.raw, 8)}; }
HWY_INLINE VI EvenHalves(VI v) { return VI{_mm256_srai_epi16(_mm256_slli_epi16(v.raw, 8), 8)}; }
HWY_INLINE VI OddBytes(VI v) { return VI{_mm256_srli_epi16(v.raw, 8)}; }
#elif HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_SSSE3
HWY_INLINE VI AddPairs(VI u, VI s) { return VI{_mm_maddubs_epi16(u.raw, s.raw)}; }
HWY_INLINE VI MulAddPairs(VI a, VI b) { return VI{_mm_madd_epi16(a.raw, b.raw)}; }
HWY_INLINE VI OddHalves(VI v) { return VI{_mm_srai_epi16(v.raw, 8)}; }
HWY_INLINE VI EvenHalves(VI v) { return VI{_mm_srai_epi16(_mm_slli_epi16(v.raw, 8), 8)}; }
HWY_INLINE VI OddBytes(VI v) { return VI{_mm_srli_epi16(v.raw, 8)}; }
#endif

// sum[i] + sum_b u[i].byte[b] * s[i].byte[b], u unsigned and s signed bytes, with instructions that every CPU of the
// target has. Nibbles: no byte of u is beyond 15.
struct PlainDot {
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_SSSE3
  static HWY_INLINE VI Nibbles(VI sum, VI u, VI s) {
    return hn::Add(sum, MulAddPairs(AddPairs(u, s), hn::Set(LaneTag(), 0x10001)));
  }
  static HWY_INLINE VI Bytes(VI sum, VI u, VI s) {
    const VI even = MulAddPairs(hn::And(u, hn::Set(LaneTag(), 0xff00ff)), EvenHalves(s));
    return hn::Add(hn::Add(sum, even), MulAddPairs(OddBytes(u), OddHalves(s)));
  }
#else
  template <int kByte>
  static HWY_INLINE VI Product(VI u, VI s) {
    const VI one = hn::And(hn::ShiftRight<8 * kByte>(u), hn::Set(LaneTag(), 255));
    return hn::Mul(one, hn::ShiftRight<24>(hn::ShiftLeft<24 - 8 * kByte>(s)));
  }
  static HWY_INLINE VI Bytes(VI sum, VI u, VI s) {
    const VI low = hn::Add(Product<0>(u, s), Product<1>(u, s)), high = hn::Add(Product<2>(u, s), Product<3>(u, s));
    return hn::Add(sum, hn::Add(low, high));
  }
  static HWY_INLINE VI Nibbles(VI sum, VI u, VI s) { return Bytes(sum, u, s); }
#endif
};

// The same with the dot-product instruction that many CPUs of the target have (AVX512-VNNI, AVX-VNNI). It is written
// as assembly because an intrinsic would need all its callers, templates of Highway among them, compiled for a target
// that Highway does not know.
struct InstructionDot {
#if HWY_TARGET == HWY_AVX3
  static HWY_INLINE VI Bytes(VI sum, VI u, VI s) {
    asm("vpdpbusd %2, %1, %0" : "+v"(sum.raw) : "v"(u.raw), "v"(s.raw));
    return sum;
  }
#elif HWY_TARGET == HWY_AVX2
  static HWY_INLINE VI Bytes(VI sum, VI u, VI s) {
    asm("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sum.raw) : "x"(u.raw), "x"(s.raw));
    return sum;
  }
#else
  static HWY_INLINE VI Bytes(VI sum, VI u, VI s) { return PlainDot::Bytes(sum, u, s); }
#endif
  static HWY_INLINE VI Nibbles(VI sum, VI u, VI s) { return Bytes(sum, u, s); }
};

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
