// Rounding of f32 vectors to narrower types, and loads and stores of those, for every Highway target. Include it below
// hwy/highway.h, inside no namespace.
//
// Highway's own demotions differ between targets (1.0.3 truncates to bf16). All roundings here are to nearest, ties to
// even; subnormals are kept; overflow gives infinity. Source: IEEE 754-2019, sections 4.3.1 and 3.6.
#if defined(IMPLS_CPU_ROUND_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef IMPLS_CPU_ROUND_INL_H_
#undef IMPLS_CPU_ROUND_INL_H_
#else
#define IMPLS_CPU_ROUND_INL_H_
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// How 16-bit elements are told apart: as bits, f16 and bf16 are both uint16_t.
struct F32Element {
  using Stored = float;
};
struct F16Element {
  using Stored = uint16_t;
};
struct Bf16Element {
  using Stored = uint16_t;
};

// To the nearest bf16, as f32.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V RoundToBf16(D d, V v) {
  const hn::RebindToUnsigned<D> du;
  const auto bits = hn::BitCast(du, v);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 1U));
  const auto rounded = hn::And(hn::Add(bits, hn::Add(odd, hn::Set(du, 0x7fffU))), hn::Set(du, 0xffff0000U));
  return hn::IfThenElse(hn::Eq(v, v), hn::BitCast(d, rounded), hn::BitCast(d, hn::Set(du, 0x7fc00000U)));
}

// x86 converts to and from f16 in hardware from AVX2 on (F16C; Intel SDM, VCVTPS2PH): to nearest even whatever MXCSR
// says, subnormals kept. NaN alone has to be made the one that is stored everywhere.
#define PLUMB_HAS_F16C (HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2)

#if PLUMB_HAS_F16C
template <class D, class V = hn::Vec<D>>
HWY_INLINE V RoundToF16(D d, V v) {
  const hn::Rebind<hwy::float16_t, D> d16;
  const V nan = hn::BitCast(d, hn::Set(hn::RebindToUnsigned<D>(), 0x7fc00000U));
  return hn::IfThenElse(hn::Eq(v, v), hn::PromoteTo(d, hn::DemoteTo(d16, v)), nan);
}
#else
// To the nearest f16, as f32.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V RoundToF16(D d, V v) {
  const hn::RebindToUnsigned<D> du;
  const auto magnitude = hn::Abs(v);
  const auto bits = hn::BitCast(du, magnitude);
  const auto odd = hn::And(hn::ShiftRight<13>(bits), hn::Set(du, 1U));
  auto rounded = hn::BitCast(d, hn::And(hn::Add(bits, hn::Add(odd, hn::Set(du, 0xfffU))), hn::Set(du, 0xffffe000U)));
  rounded = hn::IfThenElse(hn::Ge(rounded, hn::Set(d, 65536.0F)), hn::BitCast(d, hn::Set(du, 0x7f800000U)), rounded);
  // Below 2^-14 numbers are multiples of 2^-24, the spacing of f32 at 1/2.
  const auto half = hn::Set(d, 0.5F);
  const auto tiny = hn::Sub(hn::Add(magnitude, half), half);
  rounded = hn::IfThenElse(hn::Lt(magnitude, hn::Set(d, 0x1p-14F)), tiny, rounded);
  return hn::IfThenElse(hn::Eq(v, v), hn::CopySign(rounded, v), hn::BitCast(d, hn::Set(du, 0x7fc00000U)));
}
#endif

template <class D, class V = hn::Vec<D>>
HWY_INLINE V RoundTo(F32Element, D, V v) {
  return v;
}
template <class D, class V = hn::Vec<D>>
HWY_INLINE V RoundTo(F16Element, D d, V v) {
  return RoundToF16(d, v);
}
template <class D, class V = hn::Vec<D>>
HWY_INLINE V RoundTo(Bf16Element, D d, V v) {
  return RoundToBf16(d, v);
}

// 16-bit patterns as the lower halves of 32-bit lanes.
template <class D>
HWY_INLINE hn::Vec<hn::RebindToUnsigned<D>> LoadBits16(D /*d*/, const uint16_t* from) {
  const hn::Rebind<uint16_t, D> d16;
  return hn::PromoteTo(hn::RebindToUnsigned<D>(), hn::LoadU(d16, from));
}
template <class D>
HWY_INLINE void StoreBits16(D /*d*/, hn::Vec<hn::RebindToUnsigned<D>> bits, uint16_t* to) {
  const hn::Rebind<uint16_t, D> d16;
  hn::StoreU(hn::TruncateTo(d16, bits), d16, to);
}

// Elements of any type as f32; exact.
template <class D>
HWY_INLINE hn::Vec<D> LoadAsF32(F32Element, D d, const float* from) {
  return hn::LoadU(d, from);
}
template <class D>
HWY_INLINE hn::Vec<D> LoadAsF32(Bf16Element, D d, const uint16_t* from) {
  return hn::BitCast(d, hn::ShiftLeft<16>(LoadBits16(d, from)));
}
template <class D>
HWY_INLINE hn::Vec<D> LoadAsF32(F16Element, D d, const uint16_t* from) {
  const hn::RebindToUnsigned<D> du;
  const hn::RebindToSigned<D> di;
  const auto bits = LoadBits16(d, from);
  const auto magnitude = hn::And(bits, hn::Set(du, 0x7fffU));
  const auto number = hn::BitCast(di, magnitude);
  const auto shifted = hn::ShiftLeft<13>(magnitude);
  const auto normal = hn::BitCast(d, hn::Add(shifted, hn::Set(du, 112U << 23)));
  const auto subnormal = hn::Mul(hn::ConvertTo(d, number), hn::Set(d, 0x1p-24F));
  const auto special = hn::BitCast(d, hn::Or(shifted, hn::Set(du, 0x7f800000U)));
  const auto finite = hn::IfThenElse(hn::RebindMask(d, hn::Lt(number, hn::Set(di, 0x400))), subnormal, normal);
  const auto value = hn::IfThenElse(hn::RebindMask(d, hn::Lt(number, hn::Set(di, 0x7c00))), finite, special);
  const auto sign = hn::ShiftLeft<16>(hn::And(bits, hn::Set(du, 0x8000U)));
  return hn::BitCast(d, hn::Or(hn::BitCast(du, value), sign));
}

// Stores what RoundTo of the same element type gave.
template <class D>
HWY_INLINE void StoreRounded(F32Element, D d, hn::Vec<D> v, float* to) {
  hn::StoreU(v, d, to);
}
template <class D>
HWY_INLINE void StoreRounded(Bf16Element, D d, hn::Vec<D> v, uint16_t* to) {
  StoreBits16(d, hn::ShiftRight<16>(hn::BitCast(hn::RebindToUnsigned<D>(), v)), to);
}
#if PLUMB_HAS_F16C
template <class D>
HWY_INLINE void StoreRounded(F16Element, D d, hn::Vec<D> v, uint16_t* to) {
  const hn::Rebind<hwy::float16_t, D> d16;
  const hn::Rebind<uint16_t, D> d_bits;
  hn::StoreU(hn::BitCast(d_bits, hn::DemoteTo(d16, v)), d_bits, to);
}
#else
template <class D>
HWY_INLINE void StoreRounded(F16Element, D d, hn::Vec<D> v, uint16_t* to) {
  const hn::RebindToUnsigned<D> du;
  const hn::RebindToSigned<D> di;
  const auto magnitude = hn::Abs(v);
  const auto quanta = hn::BitCast(du, hn::ConvertTo(di, hn::Mul(magnitude, hn::Set(d, 0x1p24F))));
  const auto normal = hn::Sub(hn::ShiftRight<13>(hn::BitCast(du, magnitude)), hn::Set(du, 112U << 10));
  const auto small = hn::Lt(magnitude, hn::Set(d, 0x1p-14F)), large = hn::Ge(magnitude, hn::Set(d, 65536.0F));
  auto bits = hn::IfThenElse(small, hn::BitCast(d, quanta), hn::BitCast(d, normal));
  bits = hn::IfThenElse(large, hn::BitCast(d, hn::Set(du, 0x7c00U)), bits);
  bits = hn::IfThenElse(hn::Eq(v, v), bits, hn::BitCast(d, hn::Set(du, 0x7e00U)));
  const auto sign = hn::And(hn::ShiftRight<16>(hn::BitCast(du, v)), hn::Set(du, 0x8000U));
  StoreBits16(d, hn::Or(hn::BitCast(du, bits), sign), to);
}
#endif

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
