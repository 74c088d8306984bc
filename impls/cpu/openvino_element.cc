// ov_unpack and ov_pack: OpenVINO's low-bit tensors from and to whole elements, block by block through one code a byte.

#include "impls/openvino_element.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "impls/cpu/kernels.h"
#include "impls/cpu/parallel.h"
#include "impls/cpu/streamed.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/openvino_element.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "impls/cpu/openvino_codes-inl.h"
#include "impls/cpu/prefetch-inl.h"
#include "impls/cpu/round-inl.h"
#include "impls/cpu/streamed-inl.h"
#include "impls/cpu/value_tables-inl.h"

#ifndef PLUMB_CPU_OPENVINO_ELEMENT_SHARED
#define PLUMB_CPU_OPENVINO_ELEMENT_SHARED
namespace plumb::cpu {

// Added to a number of small magnitude, this rounds it to an integer, ties to even, which the lowest bits then hold.
inline constexpr float kRounder = 0x1.8p23F;

// nf4 by cells an eighth wide: which a number is in never decreases as it grows, so that the thresholds of lower cells
// are exceeded, and those of higher ones are not. Its own cell's, of which there are two at most, are compared with.
struct Nf4Cells {
  std::array<std::int32_t, 16> below;  // thresholds of lower cells
  std::array<float, 16> first, second;

  // The same sum that is formed of vectors: 8 * v is exact.
  static constexpr std::int32_t cell_of(float v) {
    return static_cast<std::int32_t>(8 * v + (8 + kRounder) - kRounder);
  }
};
inline constexpr float kFirstCell = -1, kLastCell = 0.875F;

inline constexpr Nf4Cells kNf4Cells = [] {
  Nf4Cells cells{};
  for (std::size_t cell = 0; cell < 16; ++cell) {
    cells.first[cell] = cells.second[cell] = std::numeric_limits<float>::infinity();
    for (const float threshold : kNf4Thresholds) {
      const auto own = static_cast<std::size_t>(Nf4Cells::cell_of(threshold));
      if (own < cell) ++cells.below[cell];
      if (own != cell) continue;
      if (cells.second[cell] != std::numeric_limits<float>::infinity()) throw "a cell has three thresholds";
      cells.second[cell] = cells.first[cell];
      cells.first[cell] = threshold;
    }
  }
  return cells;
}();

}  // namespace plumb::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Bytes whose bit `top` is the sign's; 0 for unsigned codes.
HWY_INLINE void ExtendSign(const uint8_t* codes, uint8_t top, uint8_t* out, int64_t count) {
  const D8 d;
  const auto tops = hn::Set(d, top);
  const auto vector = [&](int64_t i) HWY_ATTR { return hn::Sub(hn::Xor(hn::LoadU(d, codes + i), tops), tops); };
  Fill(d, out, 0, count, false, vector, [&](int64_t i) { return static_cast<uint8_t>((codes[i] ^ top) - top); });
}

// Codes of four bits in whole vectors of bytes, straight from `packed` to `out`. Returns how many bytes were done.
HWY_INLINE int64_t SplitNibbles(const uint8_t* packed, uint8_t top, uint8_t* out, int64_t size) {
  const D8 d;
  const auto tops = hn::Set(d, top);
  int64_t i = 0;
  for (; i + ByteLanes() <= size; i += ByteLanes()) {
    const V8 v = hn::LoadU(d, packed + i);
    const auto extended = [&](V8 code) { return hn::Sub(hn::Xor(code, tops), tops); };
    hn::StoreInterleaved2(extended(LowBits<4>(v)), extended(hn::ShiftRight<4>(v)), d, out + 2 * i);
  }
  return i;
}

// `count` bytes from `size` bytes.
HWY_INLINE void UnpackBytes(Element type, const uint8_t* packed, int64_t size, uint8_t* out, int64_t count) {
  const int bits = element_bits(type);
  const uint8_t top = type == Element::i4 ? 8 : 0;
  const int64_t done = bits == 4 ? SplitNibbles(packed, top, out, count / 2) : 0;
  if (count == 2 * done) return;
  HWY_ALIGN CodeBuffer bytes, codes;
  std::memcpy(bytes, packed + done, static_cast<size_t>(size - done));
  std::memset(bytes + size - done, 0, kBeyond);
  ExpandCodes(bits, bytes, size - done, codes);
  ExtendSign(codes, top, out + 2 * done, count - 2 * done);
}

// `count` elements from `size` bytes; `table` holds each code's value as `out_size` bytes. They go past the caches if
// `streamed`.
void UnpackBlock(Element type, const uint32_t* table, const uint8_t* packed, int64_t size, void* out, int64_t out_size,
                 int64_t count, bool streamed) {
  const int bits = element_bits(type);
  if (out_size == 1) {
    if (!streamed) return UnpackBytes(type, packed, size, static_cast<uint8_t*>(out), count);
    HWY_ALIGN uint8_t buffer[kBlock];
    UnpackBytes(type, packed, size, buffer, count);
    return StreamBytes(buffer, out, count);
  }
  HWY_ALIGN CodeBuffer bytes, codes;
  std::memcpy(bytes, packed, static_cast<size_t>(size));
  std::memset(bytes + size, 0, kBeyond);
  ExpandCodes(bits, bytes, size, codes);
  if (out_size == 4) return LookUp(bits, codes, table, static_cast<uint32_t*>(out), count, streamed);
  LookUp(bits, codes, table, static_cast<uint16_t*>(out), count, streamed);
}

// Truncated, low bits: beyond 2^31 f32 has only zeros there, and NaN and infinities are to give them too.
struct TruncatingEncoder {
  uint32_t mask;
  HWY_INLINE VU operator()(VF v) const {
    const DF d;
    const VF whole = hn::IfThenElseZero(hn::Lt(hn::Abs(v), hn::Set(d, 0x1p31F)), v);
    return hn::And(hn::BitCast(DU(), hn::ConvertTo(DI(), whole)), hn::Set(DU(), mask));
  }
};

// The number of thresholds that are exceeded, with tables that fill a vector.
struct Nf4CellEncoder {
  HWY_INLINE VU operator()(VF v) const {
    const DF d;
    const VF within = hn::IfThenElse(hn::Gt(v, hn::Set(d, kFirstCell)), v, hn::Set(d, kFirstCell));  // NaN is not
    const VF eighths = hn::Mul(hn::Min(within, hn::Set(d, kLastCell)), hn::Set(d, 8.0F));
    const VI sum = hn::BitCast(DI(), hn::Add(eighths, hn::Set(d, 8 + kRounder)));
    const VI cell = hn::And(sum, hn::Set(DI(), 15));
    const VI below = hn::TableLookupLanes(hn::LoadU(DI(), kNf4Cells.below.data()), hn::IndicesFromVec(DI(), cell));
    const auto exceeded = [&](const std::array<float, 16>& thresholds) {
      const VF threshold = hn::TableLookupLanes(hn::LoadU(d, thresholds.data()), hn::IndicesFromVec(d, cell));
      return hn::BitCast(DI(), hn::VecFromMask(d, hn::Gt(v, threshold)));  // all bits set are -1
    };
    return hn::BitCast(DU(), hn::Sub(hn::Sub(below, exceeded(kNf4Cells.first)), exceeded(kNf4Cells.second)));
  }
};

// The same, one threshold after the other.
struct Nf4Encoder {
  HWY_INLINE VU operator()(VF v) const {
    VI count = hn::Zero(DI());
    for (const float threshold : kNf4Thresholds) {
      const auto exceeded = hn::Gt(v, hn::Set(DF(), threshold));
      count = hn::Sub(count, hn::BitCast(DI(), hn::VecFromMask(DF(), exceeded)));  // all bits set are -1
    }
    return hn::BitCast(DU(), count);
  }
};

HWY_INLINE VU IfNan(VF v, uint32_t yes, VU no) {
  const DF d;
  return hn::BitCast(DU(), hn::IfThenElse(hn::Eq(v, v), hn::BitCast(d, no), hn::BitCast(d, hn::Set(DU(), yes))));
}

HWY_INLINE VU AtMost(VU codes, uint32_t limit) {
  return hn::BitCast(DU(), hn::Min(hn::BitCast(DI(), codes), hn::Set(DI(), static_cast<int32_t>(limit))));
}

// The exponent field, rounded to nearest even by the fraction.
struct E8m0Encoder {
  HWY_INLINE VU operator()(VF v) const {
    const DU du;
    const VU magnitude = hn::BitCast(du, hn::Abs(v));
    const VU odd = hn::And(hn::ShiftRight<23>(magnitude), hn::Set(du, 1U));
    const VU rounded = hn::ShiftRight<23>(hn::Add(magnitude, hn::Add(odd, hn::Set(du, 0x3fffffU))));
    const VU codes = IfNan(v, 255, AtMost(rounded, 254));
    return hn::AndNot(hn::BitCast(du, hn::BroadcastSignBit(hn::BitCast(DI(), v))), codes);
  }
};

// f32 to a small float, to nearest even: normal numbers on the bits, subnormal ones by adding the power of two whose
// unit in the last place is theirs.
template <int kFraction, int kBias>
struct MinifloatEncoder {
  MinifloatEncoding encoding;
  bool through_f16;

  HWY_INLINE VU operator()(VF v) const {
    const DF d;
    const DU du;
    constexpr int kShift = 23 - kFraction;
    const VF magnitude = hn::Abs(through_f16 ? RoundToF16(d, v) : v);
    const VU bits = hn::BitCast(du, magnitude);
    const VU odd = hn::And(hn::ShiftRight<kShift>(bits), hn::Set(du, 1U));
    const VU rounded = hn::ShiftRight<kShift>(hn::Add(bits, hn::Add(odd, hn::Set(du, (1U << (kShift - 1)) - 1))));
    const VU normal = hn::Sub(rounded, hn::Set(du, (127U - kBias) << kFraction));
    const VF magic = hn::BitCast(d, hn::Set(du, (127U + 1 - kBias - kFraction + 23) << 23));
    const VU tiny = hn::Sub(hn::BitCast(du, hn::Add(magnitude, magic)), hn::BitCast(du, magic));
    const VF lowest = hn::BitCast(d, hn::Set(du, (127U + 1 - kBias) << 23));
    const VU code =
        hn::BitCast(du, hn::IfThenElse(hn::Lt(magnitude, lowest), hn::BitCast(d, tiny), hn::BitCast(d, normal)));
    const VU sign = hn::And(hn::BitCast(du, hn::BroadcastSignBit(hn::BitCast(DI(), v))), hn::Set(du, encoding.sign));
    return hn::Or(IfNan(v, encoding.nan, AtMost(code, encoding.limit)), sign);
  }
};

HWY_INLINE void StoreCodes(VU codes, uint8_t* to) {
  const hn::Rebind<uint8_t, DI> d8;
  hn::StoreU(hn::TruncateTo(d8, codes), d8, to);
}

// Calls encode for whole vectors: the last one is filled up with zeros, and its codes go beyond `count`.
template <class Stored, class Encode>
HWY_INLINE void ForWholeVectors(const Stored* values, int64_t count, uint8_t* codes, const Encode& encode) {
  int64_t i = 0;
  for (; i + FloatLanes() <= count; i += FloatLanes()) {
    PrefetchAhead(values + i);
    StoreCodes(encode(values + i), codes + i);
  }
  if (i == count) return;
  Stored rest[HWY_MAX_BYTES / sizeof(float)] = {};
  std::memcpy(rest, values + i, static_cast<size_t>(count - i) * sizeof(Stored));
  StoreCodes(encode(rest), codes + i);
}

template <class Encoder>
HWY_INLINE void EncodeFloats(const Encoder& encoder, DType from, const void* values, int64_t count, uint8_t* codes) {
  const DF d;
  if (from == DType::f32) {
    ForWholeVectors(static_cast<const float*>(values), count, codes,
                    [&](const float* v) HWY_ATTR { return encoder(LoadAsF32(F32Element(), d, v)); });
  } else {
    ForWholeVectors(static_cast<const uint16_t*>(values), count, codes,
                    [&](const uint16_t* v) HWY_ATTR { return encoder(LoadAsF32(F16Element(), d, v)); });
  }
}

HWY_INLINE void EncodeIntegers(uint32_t mask, DType from, const void* values, int64_t count, uint8_t* codes) {
  if (from == DType::i32) {
    ForWholeVectors(static_cast<const uint32_t*>(values), count, codes,
                    [mask](const uint32_t* v) HWY_ATTR { return hn::And(hn::LoadU(DU(), v), hn::Set(DU(), mask)); });
    return;
  }
  const auto* bytes = static_cast<const uint8_t*>(values);
  const D8 d;
  const auto low = hn::Set(d, static_cast<uint8_t>(mask));
  int64_t i = 0;
  for (; i + ByteLanes() <= count; i += ByteLanes()) hn::StoreU(hn::And(hn::LoadU(d, bytes + i), low), d, codes + i);
  for (; i < count; ++i) codes[i] = static_cast<uint8_t>(bytes[i] & mask);
}

HWY_INLINE void Encode(Element type, DType from, const void* values, int64_t count, uint8_t* codes) {
  const uint32_t mask = (1U << element_bits(type)) - 1;
  if (from != DType::f32 && from != DType::f16) return EncodeIntegers(mask, from, values, count, codes);
  switch (type) {
    case Element::nf4:
      if (FloatLanes() == 16) return EncodeFloats(Nf4CellEncoder(), from, values, count, codes);
      return EncodeFloats(Nf4Encoder(), from, values, count, codes);
    case Element::f4e2m1:
      return EncodeFloats(MinifloatEncoder<1, 1>{minifloat_encoding(type), false}, from, values, count, codes);
    case Element::f8e4m3:
      return EncodeFloats(MinifloatEncoder<3, 7>{minifloat_encoding(type), false}, from, values, count, codes);
    case Element::f8e5m2:
      return EncodeFloats(MinifloatEncoder<2, 15>{minifloat_encoding(type), true}, from, values, count, codes);
    case Element::f8e8m0:
      return EncodeFloats(E8m0Encoder(), from, values, count, codes);
    default:
      return EncodeFloats(TruncatingEncoder{mask}, from, values, count, codes);
  }
}

// Codes of four bits in whole vectors of bytes, straight from `bytes` to `packed`. Returns how many bytes were made.
HWY_INLINE int64_t JoinNibbles(const uint8_t* bytes, uint8_t* packed, int64_t size) {
  int64_t i = 0;
  for (; i + ByteLanes() <= size; i += ByteLanes()) {
    V8 even, odd;
    hn::LoadInterleaved2(D8(), bytes + 2 * i, even, odd);
    hn::StoreU(hn::Or(LowBits<4>(even), hn::ShiftLeft<4>(odd)), D8(), packed + i);
  }
  return i;
}

void PackBlock(Element type, DType from, const void* values, int64_t count, uint8_t* packed, int64_t size) {
  if (element_bits(type) == 4 && (from == DType::i8 || from == DType::u8)) {
    const int64_t done = JoinNibbles(static_cast<const uint8_t*>(values), packed, count / 2);
    values = static_cast<const uint8_t*>(values) + 2 * done;
    packed += done, size -= done, count -= 2 * done;
    if (count == 0) return;
  }
  HWY_ALIGN CodeBuffer codes, bytes;
  Encode(type, from, values, count, codes);
  std::memset(codes + count, 0, kBeyond);  // padding, too: the last unit's other codes
  JoinCodes(element_bits(type), codes, bytes, size);
  std::memcpy(packed, bytes, static_cast<size_t>(size));
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {
namespace {

HWY_EXPORT(UnpackBlock);
HWY_EXPORT(PackBlock);

// Calls body(first element, elements, first byte, bytes) for each block.
template <typename Body>
void for_each_block(const Call& call, Element type, std::int64_t count, const Body& body) {
  parallel_ranges((count + kBlock - 1) / kBlock, call.threads(), [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t block = first; block < last; ++block) {
      const std::int64_t elements = std::min(kBlock, count - block * kBlock);
      body(block * kBlock, elements, block * element_bytes(type, kBlock), element_bytes(type, elements));
    }
    end_stream();
  });
}

Element type_of(const Call& call) { return static_cast<Element>(call["type"]); }

std::int64_t size_of(DType dtype) { return info(dtype).size_bytes; }

}  // namespace

Kernel ov_unpack(const Target& target) {
  const auto unpack_block = PLUMB_FOR_TARGET(UnpackBlock, target);
  return {"ov_unpack", kExactContract, {}, [unpack_block](const Call& call, void*) {
            const Element type = type_of(call);
            const std::vector<std::uint32_t> table = element_values(type, call.output_dtype());
            const std::int64_t size = size_of(call.output_dtype());
            const auto* packed = call.input<std::uint8_t>(0).data();
            auto* out = call.output<std::byte>().data();
            const bool streamed = is_streamed(call.output_count() * size);
            for_each_block(call, type, call.output_count(), [&](auto element, auto count, auto byte, auto bytes) {
              unpack_block(type, table.data(), packed + byte, bytes, out + element * size, size, count, streamed);
            });
          }};
}

Kernel ov_pack(const Target& target) {
  const auto pack_block = PLUMB_FOR_TARGET(PackBlock, target);
  return {"ov_pack", kExactContract, {}, [pack_block](const Call& call, void*) {
            const Element type = type_of(call);
            const DType from = call.input_dtype(0);
            const auto* values = call.input<std::byte>(0).data();
            auto* packed = call.output<std::uint8_t>().data();
            for_each_block(call, type, call.input_count(0), [&](auto element, auto count, auto byte, auto bytes) {
              pack_block(type, from, values + element * size_of(from), count, packed + byte, bytes);
            });
          }};
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
