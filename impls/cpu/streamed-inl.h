// Stores that go past the caches, for every Highway target: of vectors while they are made, and of pieces so short that
// a call for each would cost more than writing it. Include it below hwy/highway.h, inside no namespace.
#if defined(IMPLS_CPU_STREAMED_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef IMPLS_CPU_STREAMED_INL_H_
#undef IMPLS_CPU_STREAMED_INL_H_
#else
#define IMPLS_CPU_STREAMED_INL_H_
#endif

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include <cstring>

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// As plumb::cpu::stream_bytes.
HWY_INLINE void StreamBytes(const void* from_bytes, void* to_bytes, int64_t bytes) {
  constexpr int64_t kLine = 64;
  const auto* from = static_cast<const uint8_t*>(from_bytes);
  auto* to = static_cast<uint8_t*>(to_bytes);
  const hn::CappedTag<uint8_t, kLine> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto beyond_line = static_cast<int64_t>(reinterpret_cast<uintptr_t>(to) % kLine);
  int64_t i = HWY_MIN(bytes, (kLine - beyond_line) % kLine);
  if (i > 0) std::memcpy(to, from, static_cast<size_t>(i));
  if (lanes > 1) {
    for (; i + kLine <= bytes; i += kLine) {
      for (int64_t part = 0; part < kLine; part += lanes) hn::Stream(hn::LoadU(d, from + i + part), d, to + i + part);
    }
  }
  if (i < bytes) std::memcpy(to + i, from + i, static_cast<size_t>(bytes - i));
}

// to[i] = element(i) for i in [first, last), whole vectors of which are vector(i). If `streamed`, those go straight
// past the caches, from where a line begins; other threads see them once plumb::cpu::end_stream has been called. `to`
// need not be aligned.
template <class D, class Vector, class Element>
HWY_INLINE void Fill(D d, hn::TFromD<D>* to, int64_t first, int64_t last, bool streamed, const Vector& vector,
                     const Element& element) {
  constexpr int64_t kLine = 64, kSize = sizeof(hn::TFromD<D>);
  const auto fill_to = [&](int64_t end) {
    for (; first < end; ++first) {
      const hn::TFromD<D> one = element(first);
      std::memcpy(to + first, &one, sizeof one);
    }
  };
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  if (HWY_TARGET != HWY_SCALAR) {  // whose vectors are elements, and must be aligned
    const auto beyond_line = static_cast<int64_t>(reinterpret_cast<uintptr_t>(to + first) % kLine);
    if (streamed && beyond_line % kSize == 0) {
      fill_to(HWY_MIN(last, first + (kLine - beyond_line) % kLine / kSize));
      for (; first + lanes <= last; first += lanes) hn::Stream(vector(first), d, to + first);
    }
    for (; first + lanes <= last; first += lanes) hn::StoreU(vector(first), d, to + first);
  }
  fill_to(last);
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
