// The values that codes of a few bits stand for, looked up in tables of 32-bit words, for every Highway target. Include
// it below hwy/highway.h, inside no namespace.
#if defined(IMPLS_CPU_VALUE_TABLES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef IMPLS_CPU_VALUE_TABLES_INL_H_
#undef IMPLS_CPU_VALUE_TABLES_INL_H_
#else
#define IMPLS_CPU_VALUE_TABLES_INL_H_
#endif

#include <hwy/highway.h>

#include "impls/cpu/streamed-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using DF = hn::ScalableTag<float>;
using DU = hn::RebindToUnsigned<DF>;
using DI = hn::RebindToSigned<DF>;
using VF = hn::Vec<DF>;
using VU = hn::Vec<DU>;
using VI = hn::Vec<DI>;

HWY_INLINE int64_t FloatLanes() { return static_cast<int64_t>(hn::Lanes(DF())); }

HWY_INLINE VI CodesAt(const uint8_t* codes) {
  const hn::Rebind<uint8_t, DI> d8;
  return hn::PromoteTo(DI(), hn::LoadU(d8, codes));
}

// A table in memory.
struct GatheredTable {
  const uint32_t* table;
  HWY_INLINE VU operator()(const uint8_t* codes) const { return hn::GatherIndex(DU(), table, CodesAt(codes)); }
};

// A table of 16 entries, which is one vector of 16 lanes.
struct VectorTable {
  const uint32_t* table;
  HWY_INLINE VU operator()(const uint8_t* codes) const {
    return hn::TableLookupLanes(hn::LoadU(DU(), table), hn::IndicesFromVec(DU(), CodesAt(codes)));
  }
};

// A table of 16 entries, which is two vectors of 8 lanes.
struct TwoVectorTable {
  const uint32_t* table;
  HWY_INLINE VU operator()(const uint8_t* codes) const {
    const VI code = CodesAt(codes);
    const auto index = hn::IndicesFromVec(DU(), hn::And(code, hn::Set(DI(), 7)));
    const VU low = hn::TableLookupLanes(hn::LoadU(DU(), table), index);
    const VU high = hn::TableLookupLanes(hn::LoadU(DU(), table + 8), index);
    return hn::IfThenElse(hn::RebindMask(DU(), hn::Gt(code, hn::Set(DI(), 7))), high, low);
  }
};

// out[i] = table[codes[i]], of which the low 32 or 16 bits.
template <class Table>
HWY_INLINE void LookUp(const uint8_t* codes, const Table& table, uint32_t* out, int64_t count, bool streamed) {
  const auto vector = [&](int64_t i) HWY_ATTR { return table(codes + i); };
  Fill(DU(), out, 0, count, streamed, vector, [&](int64_t i) { return table.table[codes[i]]; });
}
template <class Table>
HWY_INLINE void LookUp(const uint8_t* codes, const Table& table, uint16_t* out, int64_t count, bool streamed) {
  const hn::Rebind<uint16_t, DU> d16;
  const auto vector = [&](int64_t i) HWY_ATTR { return hn::TruncateTo(d16, table(codes + i)); };
  Fill(d16, out, 0, count, streamed, vector, [&](int64_t i) { return static_cast<uint16_t>(table.table[codes[i]]); });
}

template <class Out>
HWY_INLINE void LookUp(int bits, const uint8_t* codes, const uint32_t* table, Out* out, int64_t count, bool streamed) {
  if (bits == 4 && FloatLanes() == 16) return LookUp(codes, VectorTable{table}, out, count, streamed);
  if (bits == 4 && FloatLanes() == 8) return LookUp(codes, TwoVectorTable{table}, out, count, streamed);
  LookUp(codes, GatheredTable{table}, out, count, streamed);
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
