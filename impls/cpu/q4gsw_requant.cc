// q4gsw_requant and q4gsw_requant_w_4x8: codes are made one a byte, then packed.

#include "impls/cpu/q4gsw_requant.h"

#include "impls/cpu/kernels.h"
#include "impls/cpu/row_chunks.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/q4gsw_requant.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "impls/cpu/interleave4-inl.h"
#include "impls/cpu/prefetch-inl.h"
#include "impls/cpu/streamed-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Added to a number of small magnitude, this rounds it to an integer, ties to even; the lowest bits then hold the
// integer plus 8.
constexpr float kRounder = 0x1.8p23F + 8;

HWY_INLINE float LoadFloat(const uint8_t* from) {
  float value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// A code 0 ... 15 of f32 quotient latent / scale; 8 for scale 0. NaN gives any code.
HWY_INLINE uint8_t Requantize(float latent, float scale) {
  if (scale == 0) return 8;
  const float clamped = HWY_MIN(HWY_MAX(latent / scale, -8.0F), 7.0F), rounded = clamped + kRounder;
  uint32_t bits;
  std::memcpy(&bits, &rounded, sizeof bits);
  return static_cast<uint8_t>(bits & 15);
}

#if HWY_TARGET != HWY_SCALAR
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

HWY_INLINE V Clamped(V quotient) { return hn::Min(hn::Max(quotient, hn::Set(D(), -8.0F)), hn::Set(D(), 7.0F)); }

HWY_INLINE void StoreCodes(V codes_above_rounder, uint8_t* codes) {
  const hn::RebindToUnsigned<D> du;
  const hn::Rebind<uint8_t, D> d8;
  hn::StoreU(hn::U8FromU32(hn::And(hn::BitCast(du, codes_above_rounder), hn::Set(du, 15U))), d8, codes);
}

// Whole vectors of a group, by the reciprocal of its scale: it, the product, and the quotient that is meant add at most
// 2^-24 of the quotient each, together less than 2^-19 where quotients are not clamped. Where any comes that close to a
// half, or the scale is no ordinary number, false is returned, and what has been written is of no use.
HWY_INLINE bool MultiplyGroup(const uint8_t* weight, float scale, uint8_t* codes, int64_t count) {
  const D d;
  const float magnitude = scale < 0 ? -scale : scale;
  if (!(magnitude >= 0x1p-100F && magnitude <= 0x1p100F)) return false;
  const V reciprocal = hn::Set(d, 1 / scale), rounder = hn::Set(d, kRounder);
  V farthest = hn::Zero(d);
  for (int64_t i = 0; i < count; i += static_cast<int64_t>(hn::Lanes(d))) {
    PrefetchAhead(weight + 4 * i);
    const V quotient = Clamped(hn::Mul(hn::LoadU(d, reinterpret_cast<const float*>(weight) + i), reciprocal));
    const V sum = hn::Add(quotient, rounder);
    farthest = hn::Max(hn::Abs(hn::Sub(quotient, hn::Sub(sum, rounder))), farthest);
    StoreCodes(sum, codes + i);
  }
  return hn::AllTrue(d, hn::Lt(farthest, hn::Set(d, 0.5F - 0x1p-18F)));
}

// Whole vectors.
HWY_INLINE void DivideGroup(const uint8_t* weight, float scale, uint8_t* codes, int64_t count) {
  const D d;
  for (int64_t i = 0; i < count; i += static_cast<int64_t>(hn::Lanes(d))) {
    const V quotient = hn::Div(hn::LoadU(d, reinterpret_cast<const float*>(weight) + i), hn::Set(d, scale));
    StoreCodes(hn::Add(Clamped(quotient), hn::Set(d, kRounder)), codes + i);
  }
}
#endif

// Codes of weights with one scale.
HWY_INLINE void RequantizeGroup(const uint8_t* weight, float scale, uint8_t* codes, int64_t count) {
  int64_t i = 0;
#if HWY_TARGET != HWY_SCALAR
  if (scale != 0) {
    i = count - count % static_cast<int64_t>(hn::Lanes(D()));
    if (!MultiplyGroup(weight, scale, codes, i)) DivideGroup(weight, scale, codes, i);
  }
#endif
  for (; i < count; ++i) codes[i] = Requantize(LoadFloat(weight + 4 * i), scale);
}

// codes[i] of column `begin` + i of row n, one a byte.
HWY_INLINE void RequantizeTile(const Latent& latent, int64_t n, int64_t begin, int64_t count, uint8_t* codes) {
  const uint8_t* weight = latent.weight + (n * latent.columns + begin) * 4;
  for (int64_t i = 0; i < count;) {
    const int64_t g = (begin + i) / latent.group, end = HWY_MIN((g + 1) * latent.group - begin, count);
    RequantizeGroup(weight + 4 * i, LoadFloat(latent.scales + (g * latent.rows + n) * 4), codes + i, end - i);
    i = end;
  }
}

// packed[i] = codes[2i] | codes[2i + 1] << 4.
HWY_INLINE void PackPairs(const uint8_t* codes, uint8_t* packed, int64_t count) {
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

// packed[i] = low[i] | high[i] << 4.
HWY_INLINE void PackRows(const uint8_t* low, const uint8_t* high, uint8_t* packed, int64_t count) {
  const hn::ScalableTag<uint8_t> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    hn::StoreU(hn::Or(hn::LoadU(d, low + i), hn::ShiftLeft<4>(hn::LoadU(d, high + i))), d, packed + i);
  }
  for (; i < count; ++i) packed[i] = static_cast<uint8_t>(low[i] | high[i] << 4);
}

// Rows [first, last): two columns a byte, nibble 0 after an odd one.
void RequantizeRows(const Latent& latent, uint8_t* packed, int64_t first, int64_t last) {
  HWY_ALIGN uint8_t codes[kTileColumns];
  const int64_t row_bytes = (latent.columns + 1) / 2;
  for (int64_t n = first; n < last; ++n) {
    for (int64_t begin = 0; begin < latent.columns; begin += kTileColumns) {
      const int64_t count = HWY_MIN(kTileColumns, latent.columns - begin);
      RequantizeTile(latent, n, begin, count, codes);
      if (count % 2 != 0) codes[count] = 0;
      PackPairs(codes, packed + n * row_bytes + begin / 2, (count + 1) / 2);
    }
  }
}

// A tile of a block of eight rows, to vectors of 16 bytes that are `stride` apart.
HWY_INLINE void RequantizeBlock(const Latent& latent, int64_t block, int64_t begin, int64_t count, uint8_t* to,
                                int64_t stride) {
  HWY_ALIGN uint8_t codes[2][kTileColumns], streams[4][kTileColumns];
  for (int64_t r = 0; r < 8; ++r) {
    const int64_t n = 8 * block + r;
    if (n < latent.rows) {
      RequantizeTile(latent, n, begin, count, codes[r % 2]);
    } else {
      std::memset(codes[r % 2], 8, sizeof codes[r % 2]);
    }
    if (r % 2 != 0) PackRows(codes[0], codes[1], streams[r / 2], count);
  }
  Interleave4<uint32_t>({{streams[0], streams[1], streams[2], streams[3]}}, to, stride, count / 4);
}

// Blocks [first, last) of eight rows, to vectors [columns / 4, blocks] of 16 bytes. Some blocks' vectors fill cache
// lines: they are gathered, and then written past the caches, as lines of the next columns lie far away.
void RequantizeBlocks(const Latent& latent, uint8_t* packed, int64_t first, int64_t last) {
  constexpr int64_t kVector = 16, kAbreast = 16, kLine = kAbreast * kVector;
  HWY_ALIGN uint8_t lines[kTileColumns / 4 * kLine];
  const int64_t blocks = (latent.rows + 7) / 8;
  for (; first < last; first += kAbreast) {
    const int64_t abreast = HWY_MIN(kAbreast, last - first);
    for (int64_t begin = 0; begin < latent.columns; begin += kTileColumns) {
      const int64_t count = HWY_MIN(kTileColumns, latent.columns - begin);
      for (int64_t i = 0; i < abreast; ++i) {
        RequantizeBlock(latent, first + i, begin, count, lines + i * kVector, kLine);
      }
      uint8_t* to = packed + (begin / 4 * blocks + first) * kVector;
      for (int64_t i = 0; i < count / 4; ++i) {
        StreamBytes(lines + i * kLine, to + i * blocks * kVector, abreast * kVector);
      }
    }
  }
  hwy::FlushStream();
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {
namespace {

HWY_EXPORT(RequantizeRows);
HWY_EXPORT(RequantizeBlocks);

using Requantization = decltype(HWY_STATIC_DISPATCH(RequantizeRows))*;

// Threads share chunks of `rows` rows, or blocks of rows.
void run(const Call& call, Requantization requantize, std::int64_t count, std::int64_t rows) {
  const Latent latent{call.input<std::uint8_t>(0).data(), call.input<std::uint8_t>(1).data(), call["N"], call["K"],
                      call["group"]};
  std::uint8_t* packed = call.output<std::uint8_t>().data();
  for_row_chunks(count, rows * call["K"] * 4, call.threads(),
                 [&](std::int64_t first, std::int64_t last) { requantize(latent, packed, first, last); });
}

}  // namespace

Kernel q4gsw_requant(const Target& target) {
  const Requantization rows = PLUMB_FOR_TARGET(RequantizeRows, target);
  return {"q4gsw_requant", kExactContract, {}, [rows](const Call& call, void*) { run(call, rows, call["N"], 1); }};
}

Kernel q4gsw_requant_w_4x8(const Target& target) {
  const Requantization blocks = PLUMB_FOR_TARGET(RequantizeBlocks, target);
  return {"q4gsw_requant_w_4x8", kExactContract, {}, [blocks](const Call& call, void*) {
            run(call, blocks, (call["N"] + 7) / 8, 8);
          }};
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
