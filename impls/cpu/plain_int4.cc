// torchao's plain packs of 4-bit codes, low nibble first: from and to i32 (two codes' nibbles a byte, hence eight a
// little-endian word) and i8.
//
// Four codes, a group, are unpacked from 16 bits. A vector holds one group in each of its 32-bit lanes.

#include <bit>
#include <cstring>

#include "impls/cpu/checked_pieces.h"
#include "impls/cpu/kernels.h"
#include "impls/cpu/parallel.h"
#include "impls/cpu/streamed.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/plain_int4.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "impls/cpu/prefetch-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Tensors need not be aligned.
template <typename T>
HWY_INLINE T LoadAt(const uint8_t* memory, int64_t element) {
  T value;
  std::memcpy(&value, memory + element * static_cast<int64_t>(sizeof value), sizeof value);
  return value;
}

template <typename T>
HWY_INLINE void StoreAt(T value, uint8_t* memory, int64_t element) {
  std::memcpy(memory + element * static_cast<int64_t>(sizeof value), &value, sizeof value);
}

#if HWY_TARGET != HWY_SCALAR
using Words = hn::ScalableTag<int32_t>;
using Word = hn::Vec<Words>;

// Writes four codes of each lane's low 16 bits. `half` is 8 for codes in two's complement, else 0: (c ^ half) - half
// extends the sign.
HWY_INLINE void StoreGroups(Words d, Word groups, int32_t half, int32_t* codes) {
  const Word nibble = hn::Set(d, 15), sign = hn::Set(d, half);
  const auto decode = [&](Word shifted) { return hn::Sub(hn::Xor(hn::And(shifted, nibble), sign), sign); };
  hn::StoreInterleaved4(decode(groups), decode(hn::ShiftRight<4>(groups)), decode(hn::ShiftRight<8>(groups)),
                        decode(hn::ShiftRight<12>(groups)), d, codes);
}

HWY_INLINE void StoreGroups(Words d, Word groups, int32_t half, int8_t* codes) {
  const hn::Repartition<int8_t, Words> d8;
  const Word pairs = hn::And(hn::Or(groups, hn::ShiftLeft<8>(groups)), hn::Set(d, 0x00ff00ff));
  const Word nibbles = hn::And(hn::Or(pairs, hn::ShiftLeft<4>(pairs)), hn::Set(d, 0x0f0f0f0f));
  const auto sign = hn::Set(d8, static_cast<int8_t>(half));
  hn::StoreU(hn::Sub(hn::Xor(hn::BitCast(d8, nibbles), sign), sign), d8, codes);
}
#endif  // HWY_TARGET != HWY_SCALAR

// Packs whole vectors of pairs from `first` on; returns where the rest begins. Pairs of i32 codes are lanes of 64 bits.
#if HWY_TARGET == HWY_SCALAR  // whose loads must be aligned
HWY_INLINE int64_t PackVectors(int32_t, const uint8_t*, uint8_t*, int64_t first, int64_t) { return first; }
#else
HWY_INLINE int64_t PackVectors(int32_t, const uint8_t* codes, uint8_t* packed, int64_t first, int64_t last) {
  static_assert(std::endian::native == std::endian::little, "the first code of a pair is in the low half");
  const hn::ScalableTag<uint64_t> d;
  const hn::Rebind<uint8_t, decltype(d)> d8;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  for (; first + lanes <= last; first += lanes) {
    const auto* pairs = reinterpret_cast<const uint64_t*>(codes) + first;
    PrefetchAhead(pairs);
    const auto nibbles = hn::And(hn::LoadU(d, pairs), hn::Set(d, 0x0000000f0000000fU));
    hn::StoreU(hn::TruncateTo(d8, hn::Or(nibbles, hn::ShiftRight<28>(nibbles))), d8, packed + first);
  }
  return first;
}
#endif

HWY_INLINE int64_t PackVectors(int8_t, const uint8_t* codes, uint8_t* packed, int64_t first, int64_t last) {
  const hn::ScalableTag<uint8_t> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  for (; first + lanes <= last; first += lanes) {
    hn::Vec<decltype(d)> even, odd;
    hn::LoadInterleaved2(d, codes + 2 * first, even, odd);
    hn::StoreU(hn::Or(hn::And(even, hn::Set(d, uint8_t{15})), hn::ShiftLeft<4>(odd)), d, packed + first);
  }
  return first;
}

// packed[i] = (codes[2i] & 15) | (codes[2i + 1] & 15) << 4 for i in [first, last).
template <typename T>
HWY_INLINE void PackAs(const uint8_t* codes, uint8_t* packed, int64_t first, int64_t last) {
  for (int64_t i = PackVectors(T{}, codes, packed, first, last); i < last; ++i) {
    packed[i] = static_cast<uint8_t>((LoadAt<T>(codes, 2 * i) & 15) | (LoadAt<T>(codes, 2 * i + 1) & 15) << 4);
  }
}

// codes[2i], codes[2i + 1] = low and high nibble of packed[i], in two's complement if `half` is 8 rather than 0.
template <typename T>
HWY_INLINE void UnpackAs(const uint8_t* packed, uint8_t* codes, int32_t half, int64_t first, int64_t last) {
  int64_t i = first;
#if HWY_TARGET != HWY_SCALAR
  const Words d;
  const hn::Rebind<uint16_t, Words> d16;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  for (; i + 2 * lanes <= last; i += 2 * lanes) {
    const auto groups = hn::PromoteTo(d, hn::LoadU(d16, reinterpret_cast<const uint16_t*>(packed + i)));
    StoreGroups(d, groups, half, reinterpret_cast<T*>(codes) + 2 * i);
  }
#endif
  for (; i < last; ++i) {
    StoreAt(static_cast<T>(((packed[i] & 15) ^ half) - half), codes, 2 * i);
    StoreAt(static_cast<T>((packed[i] >> 4 ^ half) - half), codes, 2 * i + 1);
  }
}

void PackI32(const uint8_t* codes, uint8_t* packed, int64_t first, int64_t last) {
  PackAs<int32_t>(codes, packed, first, last);
}
void PackI8(const uint8_t* codes, uint8_t* packed, int64_t first, int64_t last) {
  PackAs<int8_t>(codes, packed, first, last);
}
void UnpackUnsignedI32(const uint8_t* packed, uint8_t* codes, int64_t first, int64_t last) {
  UnpackAs<int32_t>(packed, codes, 0, first, last);
}
void UnpackSignedI32(const uint8_t* packed, uint8_t* codes, int64_t first, int64_t last) {
  UnpackAs<int32_t>(packed, codes, 8, first, last);
}
void UnpackSignedI8(const uint8_t* packed, uint8_t* codes, int64_t first, int64_t last) {
  UnpackAs<int8_t>(packed, codes, 8, first, last);
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {
namespace {

HWY_EXPORT(PackI32);
HWY_EXPORT(PackI8);
HWY_EXPORT(UnpackUnsignedI32);
HWY_EXPORT(UnpackSignedI32);
HWY_EXPORT(UnpackSignedI8);

// Threads share whole chunks of packed bytes, so that none has so little to do that starting it costs more.
constexpr std::int64_t kChunkBytes = 1 << 14;

using Body = void (*)(const std::uint8_t*, std::uint8_t*, std::int64_t, std::int64_t);

// Rows follow each other without gaps in codes and in packed bytes alike.
void run_packing(const Call& call, Body body) {
  const std::uint8_t* in = call.input<std::uint8_t>(0).data();
  std::uint8_t* out = call.output<std::uint8_t>().data();
  const std::int64_t packed_bytes = call["N"] * call["K"] / 2;
  const std::int64_t chunk = kCheckedBytes / info(call.input_dtype(0)).size_bytes / 2;
  const auto piece = [=](std::int64_t i) {
    const std::int64_t first = i * chunk, count = std::min(chunk, packed_bytes - first);
    return Piece{2 * first, 2 * count, first, count};
  };
  run_checked(call, (packed_bytes + chunk - 1) / chunk, piece,
              [=](std::int64_t i) { body(in, out, i * chunk, std::min((i + 1) * chunk, packed_bytes)); });
}

Kernel packing(const char* op, Body body) {
  return {.op = op,
          .contract = kExactContract,
          .prepare = {},
          .run = [body](const Call& call, void*) { run_packing(call, body); },
          .checks_limits = true};
}

// Packed bytes [first, last), by way of a buffer if the codes are many.
void unpack_bytes(Body body, const std::uint8_t* in, std::uint8_t* out, std::int64_t code_bytes, bool streamed,
                  std::int64_t first, std::int64_t last) {
  if (!streamed) return body(in, out, first, last);
  // So short that the machine is still writing one piece when the next is unpacked.
  constexpr std::int64_t kPieceBytes = 1 << 11;
  alignas(64) std::uint8_t buffer[kPieceBytes];
  const std::int64_t step = kPieceBytes / (2 * code_bytes);
  for (; first < last; first += step) {
    const std::int64_t count = std::min(step, last - first);
    body(in + first, buffer, 0, count);
    stream_bytes(buffer, out + first * 2 * code_bytes, count * 2 * code_bytes);
  }
  end_stream();
}

void run_unpacking(const Call& call, Body body) {
  const std::uint8_t* in = call.input<std::uint8_t>(0).data();
  std::uint8_t* out = call.output<std::uint8_t>().data();
  const std::int64_t packed_bytes = call["N"] * call["K"] / 2;
  const std::int64_t code_bytes = info(call.output_dtype()).size_bytes;
  const bool streamed = is_streamed(call.output_count() * code_bytes);
  const std::int64_t chunks = (packed_bytes + kChunkBytes - 1) / kChunkBytes;
  parallel_ranges(chunks, call.threads(), [&](std::int64_t first, std::int64_t last) {
    unpack_bytes(body, in, out, code_bytes, streamed, first * kChunkBytes, std::min(last * kChunkBytes, packed_bytes));
  });
}

}  // namespace

Kernel pack_plain_int32(const Target& target) { return packing("pack_plain_int32", PLUMB_FOR_TARGET(PackI32, target)); }

Kernel unpack_plain_int32(const Target& target) {
  const Body from_zero = PLUMB_FOR_TARGET(UnpackUnsignedI32, target);
  const Body around_zero = PLUMB_FOR_TARGET(UnpackSignedI32, target);
  return {"unpack_plain_int32", kExactContract, {}, [=](const Call& call, void*) {
            run_unpacking(call, call["signed"] != 0 ? around_zero : from_zero);
          }};
}

Kernel pack_plain_int4(const Target& target) { return packing("pack_plain_int4", PLUMB_FOR_TARGET(PackI8, target)); }

Kernel unpack_plain_int4(const Target& target) {
  const Body body = PLUMB_FOR_TARGET(UnpackSignedI8, target);
  return {"unpack_plain_int4", kExactContract, {}, [body](const Call& call, void*) { run_unpacking(call, body); }};
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
