// Runs of elements of any type as f32, and back, for every Highway target. Include it below round-inl.h, inside no
// namespace.
#if defined(IMPLS_CPU_ELEMENTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef IMPLS_CPU_ELEMENTS_INL_H_
#undef IMPLS_CPU_ELEMENTS_INL_H_
#else
#define IMPLS_CPU_ELEMENTS_INL_H_
#endif

#include <cstring>

#include "impls/cpu/round-inl.h"
#include "impls/cpu/streamed.h"
#include "reference/dtype.h"

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Floats are worked on in runs that stay in the nearest cache. Whole vectors fill a run.
constexpr int64_t kRun = 2048;
using FloatTag = hn::CappedTag<float, 16>;

HWY_INLINE int64_t Lanes() { return static_cast<int64_t>(hn::Lanes(FloatTag())); }

// Elements that are not told apart by their stored type alone.
template <class Integer>
struct IntegerElement {
  using Stored = Integer;
};

HWY_INLINE hn::Vec<FloatTag> LoadAsF32(IntegerElement<int32_t>, FloatTag d, const int32_t* from) {
  return hn::ConvertTo(d, hn::LoadU(hn::RebindToSigned<FloatTag>(), from));
}
template <class Integer>
HWY_INLINE hn::Vec<FloatTag> LoadAsF32(IntegerElement<Integer>, FloatTag d, const Integer* from) {
  const hn::Rebind<Integer, FloatTag> narrow;
  return hn::ConvertTo(d, hn::PromoteTo(hn::RebindToSigned<FloatTag>(), hn::LoadU(narrow, from)));
}
HWY_INLINE hn::Vec<FloatTag> LoadAsF32(IntegerElement<int64_t>, FloatTag d, const int64_t* from) {
  HWY_ALIGN float values[16];
  HWY_ALIGN int64_t integers[16];
  std::memcpy(integers, from, static_cast<size_t>(Lanes()) * sizeof *from);
  for (int64_t i = 0; i < Lanes(); ++i) values[i] = static_cast<float>(integers[i]);
  return hn::Load(d, values);
}

// Whole numbers within the type.
HWY_INLINE void StoreRounded(IntegerElement<int32_t>, FloatTag, hn::Vec<FloatTag> v, int32_t* to) {
  const hn::RebindToSigned<FloatTag> di;
  hn::StoreU(hn::ConvertTo(di, v), di, to);
}
template <class Integer>
HWY_INLINE void StoreRounded(IntegerElement<Integer>, FloatTag, hn::Vec<FloatTag> v, Integer* to) {
  const hn::Rebind<Integer, FloatTag> narrow;
  hn::StoreU(hn::DemoteTo(narrow, hn::ConvertTo(hn::RebindToSigned<FloatTag>(), v)), narrow, to);
}
HWY_INLINE void StoreRounded(IntegerElement<int64_t>, FloatTag, hn::Vec<FloatTag> v, int64_t* to) {
  const hn::RebindToSigned<FloatTag> di;
  HWY_ALIGN int32_t values[16];
  hn::Store(hn::ConvertTo(di, v), di, values);
  for (int64_t i = 0; i < Lanes(); ++i) {
    const int64_t wide = values[i];
    std::memcpy(to + i, &wide, sizeof wide);
  }
}

// Calls body with the element type that `dtype` means.
template <class Body>
HWY_INLINE void WithFloat(DType dtype, const Body& body) {
  if (dtype == DType::f32) return body(F32Element());
  if (dtype == DType::f16) return body(F16Element());
  body(Bf16Element());
}
template <class Body>
HWY_INLINE void WithElement(DType dtype, const Body& body) {
  if (dtype == DType::i8) return body(IntegerElement<int8_t>());
  if (dtype == DType::u8) return body(IntegerElement<uint8_t>());
  if (dtype == DType::i32) return body(IntegerElement<int32_t>());
  if (dtype == DType::i64) return body(IntegerElement<int64_t>());
  WithFloat(dtype, body);
}

// Whole vectors are moved between tensors and registers where loads and stores need no alignment.
constexpr bool kMovesVectors = HWY_TARGET != HWY_SCALAR;

template <class Stored>
HWY_INLINE const std::byte* ElementsAt(const void* tensor, int64_t first) {
  return static_cast<const std::byte*>(tensor) + first * int64_t{sizeof(Stored)};
}

// to[0 .. count) = elements [first, first + count) of a tensor, which need not be aligned; count <= kRun. What is
// written beyond, up to a whole vector, are zeros.
HWY_INLINE void Widen(DType dtype, const void* tensor, int64_t first, int64_t count, float* HWY_RESTRICT to) {
  WithElement(dtype, [&](auto element) {
    using Stored = typename decltype(element)::Stored;
    const std::byte* from = ElementsAt<Stored>(tensor, first);
    const FloatTag d;
    int64_t i = 0;
    if constexpr (kMovesVectors) {
      const auto* elements = reinterpret_cast<const Stored*>(from);
      for (; i + Lanes() <= count; i += Lanes()) hn::Store(LoadAsF32(element, d, elements + i), d, to + i);
    }
    for (; i < count; i += Lanes()) {
      HWY_ALIGN Stored rest[16] = {};
      std::memcpy(rest, from + i * int64_t{sizeof(Stored)},
                  static_cast<size_t>(HWY_MIN(Lanes(), count - i)) * sizeof(Stored));
      hn::Store(LoadAsF32(element, d, rest), d, to + i);
    }
  });
}

template <class Element>
HWY_INLINE void NarrowTo(Element element, const float* HWY_RESTRICT from, int64_t count, std::byte* to) {
  using Stored = typename Element::Stored;
  const FloatTag d;
  int64_t i = 0;
  if constexpr (kMovesVectors) {
    auto* elements = reinterpret_cast<Stored*>(to);
    for (; i + Lanes() <= count; i += Lanes()) StoreRounded(element, d, hn::Load(d, from + i), elements + i);
  }
  for (; i < count; i += Lanes()) {
    HWY_ALIGN Stored rest[16];
    StoreRounded(element, d, hn::Load(d, from + i), rest);
    std::memcpy(to + i * int64_t{sizeof(Stored)}, rest,
                static_cast<size_t>(HWY_MIN(Lanes(), count - i)) * sizeof(Stored));
  }
}

// Elements [first, first + count) of a tensor, which need not be aligned, = from[0 .. count): values of its type. If
// `streamed`, they are written past the caches, and the caller calls end_stream in the end.
HWY_INLINE void Narrow(DType dtype, const float* HWY_RESTRICT from, int64_t first, int64_t count, void* tensor,
                       bool streamed = false) {
  WithElement(dtype, [&](auto element) {
    using Stored = typename decltype(element)::Stored;
    std::byte* to = static_cast<std::byte*>(tensor) + first * int64_t{sizeof(Stored)};
    if (!streamed) return NarrowTo(element, from, count, to);
    HWY_ALIGN Stored run[kRun];
    NarrowTo(element, from, count, reinterpret_cast<std::byte*>(run));
    stream_bytes(run, to, count * int64_t{sizeof(Stored)});
  });
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
