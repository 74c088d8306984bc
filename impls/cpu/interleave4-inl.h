// Four streams of elements woven into vectors of four: what transposing and block layouts are made of, for every
// Highway target. Include it below hwy/highway.h, inside no namespace.
#if defined(IMPLS_CPU_INTERLEAVE4_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef IMPLS_CPU_INTERLEAVE4_INL_H_
#undef IMPLS_CPU_INTERLEAVE4_INL_H_
#else
#define IMPLS_CPU_INTERLEAVE4_INL_H_
#endif

#include <hwy/highway.h>

#include <cstring>

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Where four streams begin. None needs to be aligned.
struct Streams4 {
  const uint8_t* at[4];
};

// Copies `count` vectors of four elements to places `stride` bytes apart.
template <typename T>
HWY_INLINE void ScatterVectors(const T* vectors, uint8_t* out, int64_t stride, int64_t count) {
  for (int64_t i = 0; i < count; ++i) std::memcpy(out + i * stride, vectors + 4 * i, 4 * sizeof(T));
}

// The four elements at out + i * stride become streams.at[0 .. 3][i], for i in [0, count). T is an unsigned type.
template <typename T>
HWY_INLINE void Interleave4(const Streams4& streams, uint8_t* out, int64_t stride, int64_t count) {
  constexpr auto kSize = static_cast<int64_t>(sizeof(T));
  int64_t i = 0;
#if HWY_TARGET != HWY_SCALAR  // one lane at a time is what the tail does
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  HWY_ALIGN T vectors[4 * hn::MaxLanes(d)];
  const auto load = [&](int s) { return hn::LoadU(d, reinterpret_cast<const T*>(streams.at[s] + i * kSize)); };
  for (; i + lanes <= count; i += lanes) {
    if (stride == 4 * kSize) {
      hn::StoreInterleaved4(load(0), load(1), load(2), load(3), d, reinterpret_cast<T*>(out + i * stride));
    } else {
      hn::StoreInterleaved4(load(0), load(1), load(2), load(3), d, vectors);
      ScatterVectors(vectors, out + i * stride, stride, lanes);
    }
  }
#endif
  for (; i < count; ++i) {
    for (int s = 0; s < 4; ++s) std::memcpy(out + i * stride + s * kSize, streams.at[s] + i * kSize, sizeof(T));
  }
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // IMPLS_CPU_INTERLEAVE4_INL_H_
