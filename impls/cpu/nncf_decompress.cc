// nncf_decompress: f16((code - zero point) * scale), rounded once more to the result's type.

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "impls/cpu/kernels.h"
#include "impls/cpu/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/nncf_decompress.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "impls/cpu/byte_tables-inl.h"
#include "impls/cpu/round-inl.h"

#ifndef IMPLS_CPU_NNCF_DECOMPRESS_ONCE_
#define IMPLS_CPU_NNCF_DECOMPRESS_ONCE_
namespace plumb::cpu {

// A packed weight and its rows of `columns` codes.
struct NncfWeight {
  const std::uint8_t* packed;
  const std::uint16_t* scales;      // f16
  const std::uint8_t* zero_points;  // packed; nullptr: none
  std::int64_t count, columns;      // of codes, in all and in a row
  int bits;

  // What is subtracted from the stored codes of a row.
  [[nodiscard]] int zero_point(std::int64_t row) const {
    if (zero_points == nullptr) return 1 << (bits - 1);
    const std::int64_t first = row * bits;
    return zero_points[first / 8] >> (first % 8) & ((1 << bits) - 1);
  }
};

}  // namespace plumb::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int64_t kBlockCodes = 1024;

// codes[j * count + …]: 8 / bits codes of each of `count` bytes, low bits first. `flip` is the bit that turns two's
// complement into offset binary.
void UnpackNibbles(const uint8_t* packed, uint8_t* codes, int64_t count) {
  const hn::ScalableTag<uint8_t> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto bytes = hn::LoadU(d, packed + i);
    hn::StoreInterleaved2(hn::And(bytes, hn::Set(d, uint8_t{15})), hn::ShiftRight<4>(bytes), d, codes + 2 * i);
  }
  for (; i < count; ++i) {
    codes[2 * i] = packed[i] & 15;
    codes[2 * i + 1] = packed[i] >> 4;
  }
}

void UnpackPairs(const uint8_t* packed, uint8_t* codes, int64_t count) {
  const hn::ScalableTag<uint8_t> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto three = hn::Set(d, uint8_t{3});
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto bytes = hn::LoadU(d, packed + i);
    hn::StoreInterleaved4(hn::And(bytes, three), hn::And(hn::ShiftRight<2>(bytes), three),
                          hn::And(hn::ShiftRight<4>(bytes), three), hn::ShiftRight<6>(bytes), d, codes + 4 * i);
  }
  for (; i < count; ++i) {
    for (int j = 0; j < 4; ++j) codes[4 * i + j] = packed[i] >> (2 * j) & 3;
  }
}

void FlipSigns(const uint8_t* from, uint8_t* to, int64_t count) {
  const hn::ScalableTag<uint8_t> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    hn::StoreU(hn::Xor(hn::LoadU(d, from + i), hn::Set(d, uint8_t{128})), d, to + i);
  }
  for (; i < count; ++i) to[i] = from[i] ^ 128;
}

// The stored codes [first, first + count), one a byte, as unsigned numbers; `first` begins a byte. The result is in
// `block` or in the weight itself.
HWY_INLINE const uint8_t* Unpack(const NncfWeight& weight, int64_t first, int64_t count, uint8_t* block) {
  const uint8_t* packed = weight.packed + first * weight.bits / 8;
  const int64_t bytes = count * weight.bits / 8;
  if (weight.bits == 4) UnpackNibbles(packed, block, bytes);
  if (weight.bits == 2) UnpackPairs(packed, block, bytes);
  if (weight.bits == 8 && weight.zero_points != nullptr) return packed;
  if (weight.bits == 8) FlipSigns(packed, block, bytes);
  return block;
}

// Integers below 2^11 are exact in f16, their product with an f16 is exact in f32: it is rounded to f16 once.
template <class Out, class D>
HWY_INLINE int64_t ScaleCodes(D d, const uint8_t* codes, typename Out::Stored* result, int64_t first, int64_t last,
                              float scale, int zero_point) {
  const hn::Rebind<uint8_t, D> d8;
  const hn::RebindToSigned<D> di;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  for (; first + lanes <= last; first += lanes) {
    const auto code = hn::PromoteTo(di, hn::LoadU(d8, codes + first));
    const auto difference = hn::ConvertTo(d, hn::Sub(code, hn::Set(di, zero_point)));
    const auto half = RoundToF16(d, hn::Mul(difference, hn::Set(d, scale)));
    if constexpr (std::is_same_v<Out, F16Element>) {
      StoreRounded(Out(), d, half, result + first);
    } else {
      StoreRounded(Out(), d, RoundTo(Out(), d, half), result + first);
    }
  }
  return first;
}

// What codes of four bits or less stand for in one row.
template <class Out>
HWY_INLINE ByteTables<Out> TablesOf(float scale, int zero_point) {
  const uint8_t codes[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  typename Out::Stored results[16];
  ScaleCodes<Out>(hn::CappedTag<float, 16>(), codes, results, 0, 16, scale, zero_point);
  return ByteTables<Out>(results);
}

// Codes [first, last) of one row.
template <class Out>
HWY_INLINE void DecompressRow(int bits, const uint8_t* codes, typename Out::Stored* result, int64_t first, int64_t last,
                              float scale, int zero_point) {
  constexpr int64_t kWorthTables = 64;
  if (HWY_TARGET != HWY_SCALAR && bits <= 4 && last - first >= kWorthTables) {
    first += LookUpCodes(TablesOf<Out>(scale, zero_point), codes + first, 0, last - first, result + first);
  }
  first = ScaleCodes<Out>(hn::ScalableTag<float>(), codes, result, first, last, scale, zero_point);
  ScaleCodes<Out>(hn::CappedTag<float, 1>(), codes, result, first, last, scale, zero_point);
}

template <class Out>
void Decompress(const NncfWeight& weight, void* out, int64_t first, int64_t last) {
  auto* result = static_cast<typename Out::Stored*>(out);
  const hn::CappedTag<float, 1> d1;
  HWY_ALIGN uint8_t block[kBlockCodes];  // so that vectors are read as they were written, before that has gone through
  for (; first < last; first += kBlockCodes) {
    const int64_t end = HWY_MIN(first + kBlockCodes, last);
    const uint8_t* codes = Unpack(weight, first, end - first, block);
    for (int64_t i = first; i < end;) {
      const int64_t row = i / weight.columns, row_end = HWY_MIN((row + 1) * weight.columns, end);
      const float scale = hn::GetLane(LoadAsF32(F16Element(), d1, weight.scales + row));
      const int zero_point = weight.zero_point(row);
      DecompressRow<Out>(weight.bits, codes, result + first, i - first, row_end - first, scale, zero_point);
      i = row_end;
    }
  }
}

void DecompressToF32(const NncfWeight& weight, void* out, int64_t first, int64_t last) {
  Decompress<F32Element>(weight, out, first, last);
}
void DecompressToF16(const NncfWeight& weight, void* out, int64_t first, int64_t last) {
  Decompress<F16Element>(weight, out, first, last);
}
void DecompressToBf16(const NncfWeight& weight, void* out, int64_t first, int64_t last) {
  Decompress<Bf16Element>(weight, out, first, last);
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {
namespace {

HWY_EXPORT(DecompressToF32);
HWY_EXPORT(DecompressToF16);
HWY_EXPORT(DecompressToBf16);

using Body = void (*)(const NncfWeight&, void*, std::int64_t, std::int64_t);

enum Input : std::size_t { kPackedWeight, kStoredScale, kStoredZeroPoint };

// Codes that threads share: a multiple of the block that is unpacked at once, so that pieces begin at whole bytes.
constexpr std::int64_t kChunk = 1 << 15;

void run(const Call& call, Body body) {
  const NncfWeight weight{call.input<std::uint8_t>(kPackedWeight).data(),
                          call.input<std::uint16_t>(kStoredScale).data(),
                          call["asym"] != 0 ? call.input<std::uint8_t>(kStoredZeroPoint).data() : nullptr,
                          call.output_count(),
                          call["columns"],
                          static_cast<int>(call["bits"])};
  void* out = call.output<std::uint8_t>().data();
  parallel_ranges((weight.count + kChunk - 1) / kChunk, call.threads(), [&](std::int64_t first, std::int64_t last) {
    body(weight, out, first * kChunk, std::min(last * kChunk, weight.count));
  });
}

}  // namespace

Kernel nncf_decompress(const Target& target) {
  const Body to_f32 = PLUMB_FOR_TARGET(DecompressToF32, target);
  const Body to_f16 = PLUMB_FOR_TARGET(DecompressToF16, target);
  const Body to_bf16 = PLUMB_FOR_TARGET(DecompressToBf16, target);
  return {"nncf_decompress", kExactContract, {}, [=](const Call& call, void*) {
            const DType out = call.output_dtype();
            run(call, out == DType::f32 ? to_f32 : out == DType::f16 ? to_f16 : to_bf16);
          }};
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
