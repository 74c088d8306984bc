// nncf_compress_constants: codes and zero points packed in flat order, scales rounded to f16.

#include <algorithm>

#include "impls/cpu/checked_pieces.h"
#include "impls/cpu/kernels.h"
#include "impls/cpu/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/nncf_compress_constants.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "impls/cpu/round-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// bytes[i] = (codes[i] + offset) & 255, fractions cut off.
void ToBytes(const int8_t* codes, uint8_t* bytes, int64_t count, int offset) {
  const hn::ScalableTag<int8_t> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  auto* to = reinterpret_cast<int8_t*>(bytes);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    hn::StoreU(hn::Add(hn::LoadU(d, codes + i), hn::Set(d, static_cast<int8_t>(offset))), d, to + i);
  }
  for (; i < count; ++i) bytes[i] = static_cast<uint8_t>(codes[i] + offset);
}

HWY_INLINE hn::Vec<hn::ScalableTag<int32_t>> Truncated(hn::ScalableTag<int32_t> d, const int32_t* from) {
  return hn::LoadU(d, from);
}
HWY_INLINE hn::Vec<hn::ScalableTag<int32_t>> Truncated(hn::ScalableTag<int32_t> d, const float* from) {
  return hn::ConvertTo(d, hn::LoadU(hn::ScalableTag<float>(), from));
}

template <typename T>
void ToBytes(const T* codes, uint8_t* bytes, int64_t count, int offset) {
  const hn::ScalableTag<int32_t> d;
  const hn::Rebind<uint8_t, decltype(d)> d8;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto stored = hn::And(hn::Add(Truncated(d, codes + i), hn::Set(d, offset)), hn::Set(d, 255));
    hn::StoreU(hn::DemoteTo(d8, stored), d8, bytes + i);
  }
  for (; i < count; ++i) bytes[i] = static_cast<uint8_t>(static_cast<int>(codes[i]) + offset);
}

// packed[i] = codes[2i] | codes[2i + 1] << 4.
void PackNibbles(const uint8_t* codes, uint8_t* packed, int64_t count) {
  const hn::ScalableTag<uint8_t> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    hn::Vec<decltype(d)> even, odd;
    hn::LoadInterleaved2(d, codes + 2 * i, even, odd);
    hn::StoreU(hn::Or(even, hn::ShiftLeft<4>(odd)), d, packed + i);
  }
  for (; i < count; ++i) packed[i] = static_cast<uint8_t>(codes[2 * i] | codes[2 * i + 1] << 4);
}

// packed[i] = codes[4i] | codes[4i + 1] << 2 | codes[4i + 2] << 4 | codes[4i + 3] << 6.
void PackPairs(const uint8_t* codes, uint8_t* packed, int64_t count) {
  const hn::ScalableTag<uint8_t> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    hn::Vec<decltype(d)> a, b, c, e;
    hn::LoadInterleaved4(d, codes + 4 * i, a, b, c, e);
    const auto low = hn::Or(a, hn::ShiftLeft<2>(b)), high = hn::Or(hn::ShiftLeft<4>(c), hn::ShiftLeft<6>(e));
    hn::StoreU(hn::Or(low, high), d, packed + i);
  }
  for (; i < count; ++i) {
    const uint8_t* four = codes + 4 * i;
    packed[i] = static_cast<uint8_t>(four[0] | four[1] << 2 | four[2] << 4 | four[3] << 6);
  }
}

// packed[i] = codes[2i] + offset | (codes[2i + 1] + offset) << 4 of bytes, in whole vectors; returns how many were
// made.
int64_t PackNibblesOfBytes(const int8_t* codes, uint8_t* packed, int64_t count, int offset) {
  const hn::ScalableTag<uint8_t> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto both = hn::Set(d, static_cast<uint8_t>(offset | offset << 4));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    hn::Vec<decltype(d)> even, odd;
    hn::LoadInterleaved2(d, reinterpret_cast<const uint8_t*>(codes) + 2 * i, even, odd);
    const auto nibbles = hn::Or(hn::And(even, hn::Set(d, uint8_t{15})), hn::ShiftLeft<4>(odd));
    hn::StoreU(hn::Xor(nibbles, both), d, packed + i);  // an offset of 8 flips the highest bit of four
  }
  return i;
}

// Packed bytes [first, last) of codes of any type: by way of a block of stored codes, one a byte.
template <typename T>
void PackAs(const void* codes, uint8_t* packed, int64_t first, int64_t last, int bits, int offset) {
  constexpr int64_t kBlock = 1024;
  const int64_t per_byte = 8 / bits, step = kBlock / per_byte;
  HWY_ALIGN uint8_t block[kBlock];
  if constexpr (sizeof(T) == 1) {
    const auto* bytes = static_cast<const T*>(codes) + first * per_byte;
    if (bits == 4) first += PackNibblesOfBytes(bytes, packed + first, last - first, offset);
  }
  for (int64_t i = first; i < last; i += step) {
    const int64_t count = HWY_MIN(step, last - i);
    ToBytes(static_cast<const T*>(codes) + i * per_byte, bits == 8 ? packed + i : block, count * per_byte, offset);
    if (bits == 4) PackNibbles(block, packed + i, count);
    if (bits == 2) PackPairs(block, packed + i, count);
  }
}

void PackBytes(const void* codes, uint8_t* packed, int64_t first, int64_t last, int bits, int offset) {
  PackAs<int8_t>(codes, packed, first, last, bits, offset);
}
void PackI32(const void* codes, uint8_t* packed, int64_t first, int64_t last, int bits, int offset) {
  PackAs<int32_t>(codes, packed, first, last, bits, offset);
}
void PackF32(const void* codes, uint8_t* packed, int64_t first, int64_t last, int bits, int offset) {
  PackAs<float>(codes, packed, first, last, bits, offset);
}

template <class Element, class D>
HWY_INLINE int64_t ToHalfFrom(D d, const typename Element::Stored* from, uint16_t* to, int64_t first, int64_t last) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  for (; first + lanes <= last; first += lanes) {
    StoreRounded(F16Element(), d, RoundToF16(d, LoadAsF32(Element(), d, from + first)), to + first);
  }
  return first;
}

template <class Element>
void ToHalf(const void* from, uint16_t* to, int64_t first, int64_t last) {
  const auto* values = static_cast<const typename Element::Stored*>(from);
  first = ToHalfFrom<Element>(hn::ScalableTag<float>(), values, to, first, last);
  ToHalfFrom<Element>(hn::CappedTag<float, 1>(), values, to, first, last);
}

void F32ToHalf(const void* from, uint16_t* to, int64_t first, int64_t last) {
  ToHalf<F32Element>(from, to, first, last);
}
void F16ToHalf(const void* from, uint16_t* to, int64_t first, int64_t last) {
  ToHalf<F16Element>(from, to, first, last);
}
void Bf16ToHalf(const void* from, uint16_t* to, int64_t first, int64_t last) {
  ToHalf<Bf16Element>(from, to, first, last);
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {
namespace {

HWY_EXPORT(PackBytes);
HWY_EXPORT(PackI32);
HWY_EXPORT(PackF32);
HWY_EXPORT(F32ToHalf);
HWY_EXPORT(F16ToHalf);
HWY_EXPORT(Bf16ToHalf);

using Pack = void (*)(const void*, std::uint8_t*, std::int64_t, std::int64_t, int, int);
using Convert = void (*)(const void*, std::uint16_t*, std::int64_t, std::int64_t);

enum Input : std::size_t { kWeight, kScale, kZeroPoint };
enum Output : std::size_t { kPackedWeight, kStoredScale, kStoredZeroPoint };

// The kernels of one target.
struct Table {
  Pack pack_bytes, pack_i32, pack_f32;
  Convert from_f32, from_f16, from_bf16;

  [[nodiscard]] Pack packer(DType codes) const {
    return codes == DType::i32 ? pack_i32 : codes == DType::f32 ? pack_f32 : pack_bytes;
  }
  [[nodiscard]] Convert converter(DType scale) const {
    return scale == DType::f32 ? from_f32 : scale == DType::f16 ? from_f16 : from_bf16;
  }
};

// Threads share whole chunks, so that none has so little to do that starting it costs more.
constexpr std::int64_t kChunk = 1 << 15;

template <typename Body>
void in_chunks(std::int64_t count, int threads, const Body& body) {
  parallel_ranges((count + kChunk - 1) / kChunk, threads,
                  [&](std::int64_t first, std::int64_t last) { body(first * kChunk, std::min(last * kChunk, count)); });
}

void pack_weight(const Call& call, Pack body, int bits, int offset) {
  const std::uint8_t* codes = call.input<std::uint8_t>(kWeight).data();
  std::uint8_t* packed = call.output<std::uint8_t>(kPackedWeight).data();
  const std::int64_t per_byte = 8 / bits, count = call.output_count(kPackedWeight);
  const std::int64_t chunk = kCheckedBytes / info(call.input_dtype(kWeight)).size_bytes / per_byte;
  const auto piece = [=](std::int64_t i) {
    const std::int64_t first = i * chunk, bytes = std::min(chunk, count - first);
    return Piece{first * per_byte, bytes * per_byte, first, bytes};
  };
  run_checked(call, (count + chunk - 1) / chunk, piece,
              [=](std::int64_t i) { body(codes, packed, i * chunk, std::min((i + 1) * chunk, count), bits, offset); });
}

void run(const Call& call, const Table& table) {
  const int bits = static_cast<int>(call["bits"]);
  const bool asymmetric = call["asym"] != 0;
  const int offset = asymmetric || bits == 8 ? 0 : 1 << (bits - 1);
  if (asymmetric) {
    const auto* zero_points = call.input<std::byte>(kZeroPoint).data();
    const bool legal = all_within(call.input_dtype(kZeroPoint), zero_points, call.input_count(kZeroPoint),
                                  call.limits(kZeroPoint), call.threads());
    if (!legal) call.check_limits();
  }
  pack_weight(call, table.packer(call.input_dtype(kWeight)), bits, offset);
  if (asymmetric) {
    table.pack_bytes(call.input<std::uint8_t>(kZeroPoint).data(), call.output<std::uint8_t>(kStoredZeroPoint).data(), 0,
                     call.output_count(kStoredZeroPoint), bits, 0);
  }
  const Convert convert = table.converter(call.input_dtype(kScale));
  in_chunks(call.output_count(kStoredScale), call.threads(), [&](std::int64_t first, std::int64_t last) {
    convert(call.input<std::uint8_t>(kScale).data(), call.output<std::uint16_t>(kStoredScale).data(), first, last);
  });
}

}  // namespace

Kernel nncf_compress_constants(const Target& target) {
  const Table table{PLUMB_FOR_TARGET(PackBytes, target), PLUMB_FOR_TARGET(PackI32, target),
                    PLUMB_FOR_TARGET(PackF32, target),   PLUMB_FOR_TARGET(F32ToHalf, target),
                    PLUMB_FOR_TARGET(F16ToHalf, target), PLUMB_FOR_TARGET(Bf16ToHalf, target)};
  return {.op = "nncf_compress_constants",
          .contract = kExactContract,
          .prepare = {},
          .run = [table](const Call& call, void*) { run(call, table); },
          .checks_limits = true};
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
