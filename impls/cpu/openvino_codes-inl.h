// Codes of OpenVINO's low-bit types, one a byte, from and to packed bytes, for every Highway target. Include it below
// hwy/highway.h, inside no namespace.
#ifndef IMPLS_CPU_OPENVINO_CODES_
#define IMPLS_CPU_OPENVINO_CODES_

#include <array>
#include <cstdint>
#include <cstring>

#include "hwy/base.h"

namespace plumb::cpu {

/// Elements of a block: whole units of every type, and few enough for a block's buffers to stay in the nearest cache.
inline constexpr std::int64_t kBlock = 2048;

/// The codes, or the bytes, of a block. Loops go over whole vectors of them, and so beyond the block's end by less than
/// eight vectors.
inline constexpr std::int64_t kBeyond = 8 * HWY_MAX_BYTES;
using CodeBuffer = std::uint8_t[kBlock + kBeyond];

/// For each byte its eight bits, or its four fields of two bits, the highest first: one a byte, little-endian.
struct SpreadBytes {
  std::array<std::uint64_t, 256> ones;
  std::array<std::uint32_t, 256> twos;
};

constexpr SpreadBytes make_spread_bytes() {
  SpreadBytes spread{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    for (std::uint32_t i = 0; i < 8; ++i) spread.ones[byte] |= std::uint64_t{byte >> (7 - i) & 1U} << (8 * i);
    for (std::uint32_t i = 0; i < 4; ++i) spread.twos[byte] |= (byte >> (6 - 2 * i) & 3U) << (8 * i);
  }
  return spread;
}

inline constexpr SpreadBytes kSpread = make_spread_bytes();

}  // namespace plumb::cpu
#endif

#if defined(IMPLS_CPU_OPENVINO_CODES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef IMPLS_CPU_OPENVINO_CODES_INL_H_
#undef IMPLS_CPU_OPENVINO_CODES_INL_H_
#else
#define IMPLS_CPU_OPENVINO_CODES_INL_H_
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D8 = hn::ScalableTag<uint8_t>;
using V8 = hn::Vec<D8>;

HWY_INLINE int64_t ByteLanes() { return static_cast<int64_t>(hn::Lanes(D8())); }

template <int kCount>
HWY_INLINE V8 LowBits(V8 v) {
  return hn::And(v, hn::Set(D8(), (1 << kCount) - 1));
}

HWY_INLINE void Expand2(const uint8_t* bytes, int64_t size, uint8_t* codes) {
  for (int64_t i = 0; i < size; i += ByteLanes()) {
    const V8 v = hn::LoadU(D8(), bytes + i);
    hn::StoreInterleaved4(LowBits<2>(v), LowBits<2>(hn::ShiftRight<2>(v)), LowBits<2>(hn::ShiftRight<4>(v)),
                          hn::ShiftRight<6>(v), D8(), codes + 4 * i);
  }
}

HWY_INLINE void Expand4(const uint8_t* bytes, int64_t size, uint8_t* codes) {
  for (int64_t i = 0; i < size; i += ByteLanes()) {
    const V8 v = hn::LoadU(D8(), bytes + i);
    hn::StoreInterleaved2(LowBits<4>(v), hn::ShiftRight<4>(v), D8(), codes + 2 * i);
  }
}

// Low nibbles in bytes 0 and 1, upper bits in byte 2, the first highest.
HWY_INLINE void Expand6(const uint8_t* bytes, int64_t size, uint8_t* codes) {
  for (int64_t unit = 0; 3 * unit < size; unit += ByteLanes()) {
    V8 b0, b1, b2;
    hn::LoadInterleaved3(D8(), bytes + 3 * unit, b0, b1, b2);
    const V8 v0 = hn::Or(hn::ShiftRight<4>(b0), hn::ShiftLeft<4>(hn::ShiftRight<6>(b2)));
    const V8 v1 = hn::Or(LowBits<4>(b0), hn::ShiftLeft<4>(LowBits<2>(hn::ShiftRight<4>(b2))));
    const V8 v2 = hn::Or(hn::ShiftRight<4>(b1), hn::ShiftLeft<4>(LowBits<2>(hn::ShiftRight<2>(b2))));
    const V8 v3 = hn::Or(LowBits<4>(b1), hn::ShiftLeft<4>(LowBits<2>(b2)));
    hn::StoreInterleaved4(v0, v1, v2, v3, D8(), codes + 4 * unit);
  }
}

// Eight codes at a time as the bytes of a word: on little-endian machines, as are all that Highway has targets for
// here.
HWY_INLINE void Expand1(const uint8_t* bytes, int64_t size, uint8_t* codes) {
  for (int64_t i = 0; i < size; ++i) std::memcpy(codes + 8 * i, &kSpread.ones[bytes[i]], 8);
}

HWY_INLINE void Expand3(const uint8_t* bytes, int64_t size, uint8_t* codes) {
  for (int64_t i = 0; 3 * i < size; ++i) {
    const uint8_t* unit = bytes + 3 * i;
    const uint64_t low = kSpread.twos[unit[0]] | static_cast<uint64_t>(kSpread.twos[unit[1]]) << 32;
    const uint64_t eight = low | kSpread.ones[unit[2]] << 2;
    std::memcpy(codes + 8 * i, &eight, 8);
  }
}

// The codes of `size` bytes, whole units.
HWY_INLINE void ExpandCodes(int bits, const uint8_t* bytes, int64_t size, uint8_t* codes) {
  switch (bits) {
    case 1:
      return Expand1(bytes, size, codes);
    case 2:
      return Expand2(bytes, size, codes);
    case 3:
      return Expand3(bytes, size, codes);
    case 4:
      return Expand4(bytes, size, codes);
    case 6:
      return Expand6(bytes, size, codes);
    default:
      std::memcpy(codes, bytes, static_cast<size_t>(size));
  }
}

HWY_INLINE void Join2(const uint8_t* codes, uint8_t* bytes, int64_t size) {
  for (int64_t i = 0; i < size; i += ByteLanes()) {
    V8 v0, v1, v2, v3;
    hn::LoadInterleaved4(D8(), codes + 4 * i, v0, v1, v2, v3);
    const V8 low = hn::Or(v0, hn::ShiftLeft<2>(v1)), high = hn::Or(hn::ShiftLeft<4>(v2), hn::ShiftLeft<6>(v3));
    hn::StoreU(hn::Or(low, high), D8(), bytes + i);
  }
}

HWY_INLINE void Join4(const uint8_t* codes, uint8_t* bytes, int64_t size) {
  for (int64_t i = 0; i < size; i += ByteLanes()) {
    V8 v0, v1;
    hn::LoadInterleaved2(D8(), codes + 2 * i, v0, v1);
    hn::StoreU(hn::Or(v0, hn::ShiftLeft<4>(v1)), D8(), bytes + i);
  }
}

HWY_INLINE void Join6(const uint8_t* codes, uint8_t* bytes, int64_t size) {
  for (int64_t unit = 0; 3 * unit < size; unit += ByteLanes()) {
    V8 v0, v1, v2, v3;
    hn::LoadInterleaved4(D8(), codes + 4 * unit, v0, v1, v2, v3);
    const V8 upper01 = hn::Or(hn::ShiftLeft<6>(hn::ShiftRight<4>(v0)), hn::ShiftLeft<4>(hn::ShiftRight<4>(v1)));
    const V8 upper23 = hn::Or(hn::ShiftLeft<2>(hn::ShiftRight<4>(v2)), hn::ShiftRight<4>(v3));
    hn::StoreInterleaved3(hn::Or(hn::ShiftLeft<4>(v0), LowBits<4>(v1)), hn::Or(hn::ShiftLeft<4>(v2), LowBits<4>(v3)),
                          hn::Or(upper01, upper23), D8(), bytes + 3 * unit);
  }
}

// Multiplications collect the bytes' fields, first highest: of four bytes two bits each, of eight bytes one bit each.
HWY_INLINE void Join3(const uint8_t* codes, uint8_t* bytes, int64_t size) {
  for (int64_t i = 0; 3 * i < size; ++i) {
    uint64_t eight;
    std::memcpy(&eight, codes + 8 * i, 8);
    const uint64_t low = eight & 0x0303030303030303U, high = eight >> 2 & 0x0101010101010101U;
    constexpr uint64_t kTwos = 0x40100401U, kOnes = 0x8040201008040201U;
    bytes[3 * i] = static_cast<uint8_t>((low & 0xffffffffU) * kTwos >> 24);
    bytes[3 * i + 1] = static_cast<uint8_t>((low >> 32) * kTwos >> 24);
    bytes[3 * i + 2] = static_cast<uint8_t>(high * kOnes >> 56);
  }
}

// `size` bytes, whole units, from codes of at most `bits` bits. No code of one bit is ever packed.
HWY_INLINE void JoinCodes(int bits, const uint8_t* codes, uint8_t* bytes, int64_t size) {
  switch (bits) {
    case 2:
      return Join2(codes, bytes, size);
    case 3:
      return Join3(codes, bytes, size);
    case 4:
      return Join4(codes, bytes, size);
    case 6:
      return Join6(codes, bytes, size);
    default:
      std::memcpy(bytes, codes, static_cast<size_t>(size));
  }
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
