// Asking for memory before it is needed, for every Highway target. Include it below hwy/highway.h, inside no namespace.
#if defined(IMPLS_CPU_PREFETCH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef IMPLS_CPU_PREFETCH_INL_H_
#undef IMPLS_CPU_PREFETCH_INL_H_
#else
#define IMPLS_CPU_PREFETCH_INL_H_
#endif

#include <hwy/cache_control.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {

template <class T>
HWY_INLINE const T* BytesBeyond(const T* at, uintptr_t bytes) {
  return reinterpret_cast<const T*>(reinterpret_cast<uintptr_t>(at) + bytes);
}

// Asks for the line that lies some lines beyond `at`, of memory that is read, or written through the caches, from one
// end to the other. CPUs foresee such accesses, too, but not beyond a page, whose address is found late then: where a
// kernel computes a lot between two lines, nothing else is under way meanwhile. Memory's end does no harm.
template <class T>
HWY_INLINE void PrefetchAhead(const T* at) {
  hwy::Prefetch(BytesBeyond(at, 2048));
}

// The same some pages beyond, where a kernel computes so little that it waits for memory all the time. Lines wait in
// the second nearest cache, as so many do not fit the nearest.
template <class T>
HWY_INLINE void PrefetchPagesAhead(const T* at) {
  const T* ahead = BytesBeyond(at, 16384);
#if HWY_COMPILER_GCC || HWY_COMPILER_CLANG
  constexpr int kToRead = 0, kSecondNearest = 2;
  __builtin_prefetch(ahead, kToRead, kSecondNearest);
#else
  hwy::Prefetch(ahead);
#endif
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
