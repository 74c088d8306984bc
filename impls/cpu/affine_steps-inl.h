// What the affine kernels do to a vector of elements of one block, for every Highway target. Include it below
// elements-inl.h, inside no namespace.
#if defined(IMPLS_CPU_AFFINE_STEPS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef IMPLS_CPU_AFFINE_STEPS_INL_H_
#undef IMPLS_CPU_AFFINE_STEPS_INL_H_
#else
#define IMPLS_CPU_AFFINE_STEPS_INL_H_
#endif

#include "impls/cpu/affine_job.h"
#include "impls/cpu/elements-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using AffineV = hn::Vec<FloatTag>;

// Steps that quantise give codes before their last rounding, which those that store them do: it takes nothing that is
// in the range of codes out of it.
struct QuantizingStep {
  static HWY_INLINE AffineV Finished(AffineV v) { return hn::Round(v); }
};
struct DequantizingStep {
  static HWY_INLINE AffineV Finished(AffineV v) { return v; }
};

// clamp(rne(x * scale) + shift), or clamp(rne(x * scale + shift)).
template <class Scaling, class Shifting>
struct QuantizeStep : QuantizingStep {
  HWY_INLINE QuantizeStep(const AffineJob& job, AffineV scale, AffineV shift)
      : scale(scale),
        shift(shift),
        low(hn::Set(FloatTag(), job.low)),
        high(hn::Set(FloatTag(), job.high)),
        round_first(job.round_first),
        shifted(!job.shift.empty()) {}

  HWY_INLINE AffineV operator()(AffineV x) const {
    const FloatTag d;
    auto q = RoundTo(Scaling(), d, hn::Mul(x, scale));
    if (round_first) q = hn::Round(q);
    if (shifted) q = RoundTo(Shifting(), d, hn::Add(q, shift));
    return hn::Min(hn::Max(q, low), high);
  }

  AffineV scale, shift, low, high;
  bool round_first, shifted;
};

// (x - shift) * scale.
template <class Scaling, class Shifting>
struct DequantizeStep : DequantizingStep {
  HWY_INLINE DequantizeStep(const AffineJob& job, AffineV scale, AffineV shift)
      : scale(scale), shift(shift), shifted(!job.shift.empty()) {}

  HWY_INLINE AffineV operator()(AffineV x) const {
    const FloatTag d;
    auto y = RoundTo(Shifting(), d, x);
    if (shifted) y = RoundTo(Shifting(), d, hn::Sub(y, shift));
    y = RoundTo(Scaling(), d, hn::Mul(y, scale));
    return RoundTo(Shifting(), d, y);
  }

  AffineV scale, shift;
  bool shifted;
};

// zero point - scale * middle: what code 0 stands for.
template <class Type>
HWY_INLINE AffineV SmallestValue(const AffineJob& job, AffineV scale, AffineV zero_point) {
  const FloatTag d;
  const auto below = RoundTo(Type(), d, hn::Mul(scale, hn::Set(d, job.middle)));
  return RoundTo(Type(), d, hn::Sub(zero_point, below));
}

// clamp(rne((x - (zero point - scale * middle)) / scale)).
template <class Type>
struct QuantizeTinygemmStep : QuantizingStep {
  HWY_INLINE QuantizeTinygemmStep(const AffineJob& job, AffineV scale, AffineV zero_point)
      : scale(scale),
        smallest(SmallestValue<Type>(job, scale, zero_point)),
        low(hn::Set(FloatTag(), job.low)),
        high(hn::Set(FloatTag(), job.high)) {}

  HWY_INLINE AffineV operator()(AffineV x) const {
    const FloatTag d;
    const auto above = RoundTo(Type(), d, hn::Sub(x, smallest));
    const auto q = RoundTo(Type(), d, hn::Div(above, scale));
    return hn::Min(hn::Max(q, low), high);
  }

  AffineV scale, smallest, low, high;
};

// To the nearest bf16, as f32: of numbers, infinities, and NaNs whose lower halves are zeros, as those are that come of
// bf16 values.
HWY_INLINE AffineV RoundBf16Values(AffineV v) {
  const hn::RebindToUnsigned<FloatTag> du;
  const auto bits = hn::BitCast(du, v);
#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86  // masks are registers of their own
  const auto half =
      hn::IfThenElse(hn::TestBit(bits, hn::Set(du, 1U << 16)), hn::Set(du, 0x8000U), hn::Set(du, 0x7fffU));
  const auto rounded = hn::Add(bits, half);
#else
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 1U));
  const auto rounded = hn::Add(hn::Add(bits, hn::Set(du, 0x7fffU)), odd);
#endif
  return hn::BitCast(FloatTag(), hn::And(rounded, hn::Set(du, 0xffff0000U)));
}

// To the nearest bf16, as f32, of what lies half way between no two, by splitting it as Veltkamp does. Not for numbers
// whose product with 2^16 + 1 is none.
HWY_INLINE AffineV RoundUntied(AffineV v) {
  const auto wide = hn::Mul(v, hn::Set(FloatTag(), 0x1p16F + 1));
  return hn::Sub(wide, hn::Sub(wide, v));
}

// The same as QuantizeTinygemmStep by multiplication with the reciprocal, which may be off by a few units in the last
// place of f32: each of reciprocal, product and quotient adds at most 2^-24 of the quotient. It remembers whether any
// quotient came so close to a place where rounding changes its mind that this may matter; then the block has to be
// divided. Only where `AllowsReciprocal` holds.
template <class Type>
class ReciprocalStep;

// bf16 changes its mind at numbers t of 9 bits, the last of which is 1. A quotient of a and s, of 8 bits each, is never
// one of them, as t * s has more bits than a; and its distance from t, relative to it, is that of a and t * s:
// multiples of the same power of two, of which t * s has less than 2^17. So it is at least 2^-17, and no block has to
// be divided. Both ends of the range of codes are bf16 values: what lies beyond may become them before it is rounded.
template <>
class ReciprocalStep<Bf16Element> {
 public:
  HWY_INLINE ReciprocalStep(const AffineJob& job, AffineV scale, AffineV zero_point)
      : exact_(job, scale, zero_point), reciprocal_(hn::Div(hn::Set(FloatTag(), 1.0F), scale)) {}

  HWY_INLINE AffineV operator()(AffineV x) const {
    const auto quotient = hn::Mul(RoundBf16Values(hn::Sub(x, exact_.smallest)), reciprocal_);
    return RoundUntied(hn::Min(hn::Max(quotient, exact_.low), exact_.high));
  }
  HWY_INLINE bool IsUnsure() const { return false; }

 private:
  QuantizeTinygemmStep<Bf16Element> exact_;
  AffineV reciprocal_;
};

// Integers change at halves. Of quotients up to 257, a few units in the last place are less than 2^-13.
template <>
class ReciprocalStep<F32Element> {
 public:
  HWY_INLINE ReciprocalStep(const AffineJob& job, AffineV scale, AffineV zero_point)
      : exact_(job, scale, zero_point),
        reciprocal_(hn::Div(hn::Set(FloatTag(), 1.0F), scale)),
        farthest_(hn::Zero(FloatTag())) {}

  HWY_INLINE AffineV operator()(AffineV x) {
    const auto quotient = hn::Mul(hn::Sub(x, exact_.smallest), reciprocal_), code = hn::Round(quotient);
    farthest_ = hn::Max(hn::Abs(hn::Sub(quotient, code)), farthest_);
    return hn::Min(hn::Max(code, exact_.low), exact_.high);
  }
  HWY_INLINE bool IsUnsure() const {
    const FloatTag d;
    return !hn::AllTrue(d, hn::Lt(farthest_, hn::Set(d, 0.5F - 0x1p-13F)));
  }

 private:
  QuantizeTinygemmStep<F32Element> exact_;
  AffineV reciprocal_, farthest_;  // from an integer
};

// Whether neither the reciprocal nor what quotients of any use are made of leaves the normal numbers.
HWY_INLINE bool AllowsReciprocal(const AffineJob& job, float scale) {
  const float magnitude = scale < 0 ? -scale : scale;
  return magnitude >= 0x1p-100F && magnitude <= 0x1p100F && job.low >= -256 && job.high <= 256;
}

// (x - middle) * scale + zero point.
template <class Type>
struct DequantizeTinygemmStep : DequantizingStep {
  HWY_INLINE DequantizeTinygemmStep(const AffineJob& job, AffineV scale, AffineV zero_point)
      : scale(scale), zero_point(zero_point), middle(hn::Set(FloatTag(), job.middle)) {}

  HWY_INLINE AffineV operator()(AffineV x) const {
    const FloatTag d;
    const auto offset = RoundTo(Type(), d, hn::Sub(RoundTo(Type(), d, x), middle));
    const auto scaled = RoundTo(Type(), d, hn::Mul(offset, scale));
    return RoundTo(Type(), d, hn::Add(scaled, zero_point));
  }

  AffineV scale, zero_point, middle;
};

// The same where offsets are exact in bf16: integers up to 256.
struct DequantizeBytesStep : DequantizeTinygemmStep<Bf16Element> {
  HWY_INLINE DequantizeBytesStep(const AffineJob& job, AffineV scale, AffineV zero_point)
      : DequantizeTinygemmStep(job, scale, zero_point) {}

  HWY_INLINE AffineV operator()(AffineV x) const {
    const auto scaled = RoundBf16Values(hn::Mul(hn::Sub(x, middle), scale));
    return RoundToBf16(FloatTag(), hn::Add(scaled, zero_point));
  }
};

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
