// What codes of four bits stand for, looked up byte by byte, for every Highway target. Include it below hwy/highway.h,
// inside no namespace.
#if defined(IMPLS_CPU_BYTE_TABLES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef IMPLS_CPU_BYTE_TABLES_INL_H_
#undef IMPLS_CPU_BYTE_TABLES_INL_H_
#else
#define IMPLS_CPU_BYTE_TABLES_INL_H_
#endif

#include <hwy/highway.h>

#include <cstring>

#include "impls/cpu/prefetch-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// bytes[b][code] is byte b of what is stored for a code. `Out` is an element type of round-inl.h.
template <class Out>
struct ByteTables {
  using Stored = typename Out::Stored;
  static constexpr int kSize = sizeof(Stored);

  explicit HWY_INLINE ByteTables(const Stored* results) {
#if HWY_TARGET == HWY_SCALAR
    for (int code = 0; code < 16; ++code) {
      uint8_t result[kSize];
      std::memcpy(result, results + code, kSize);
      for (int b = 0; b < kSize; ++b) bytes[b][code] = result[b];
    }
#else
    static_assert(kSize == 2 || kSize == 4);
    const hn::FixedTag<uint8_t, 16> d;
    const auto* from = reinterpret_cast<const uint8_t*>(results);
    hn::Vec<decltype(d)> table[4];
    if constexpr (kSize == 4) {
      hn::LoadInterleaved4(d, from, table[0], table[1], table[2], table[3]);
    } else {
      hn::LoadInterleaved2(d, from, table[0], table[1]);
    }
    for (int b = 0; b < kSize; ++b) hn::Store(table[b], d, bytes[b]);
#endif
  }

  HWY_ALIGN uint8_t bytes[kSize][16];
};

// results[i] = what codes[i] - lowest, which is 0 ... 15, stands for. Whole vectors; returns where the rest begins.
template <class Out>
HWY_INLINE int64_t LookUpCodes(const ByteTables<Out>& tables, const uint8_t* codes, uint8_t lowest, int64_t count,
                               typename Out::Stored* results) {
  const hn::ScalableTag<uint8_t> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto table = [&](int b) HWY_ATTR { return hn::LoadDup128(d, tables.bytes[b]); };
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto code = hn::Sub(hn::LoadU(d, codes + i), hn::Set(d, lowest));
    const auto byte = [&](int b) HWY_ATTR { return hn::TableLookupBytes(table(b), code); };
    auto* to = reinterpret_cast<uint8_t*>(results + i);
    for (int64_t line = 0; line < lanes * ByteTables<Out>::kSize; line += 64) PrefetchAhead(to + line);
    if constexpr (ByteTables<Out>::kSize == 4) {
      hn::StoreInterleaved4(byte(0), byte(1), byte(2), byte(3), d, to);
    } else {
      hn::StoreInterleaved2(byte(0), byte(1), d, to);
    }
  }
  return i;
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
