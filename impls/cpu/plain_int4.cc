// torchao's plain packs of 4-bit codes, low nibble first: from and to i32 (two codes' nibbles a byte, hence eight a
// little-endian word) and i8.
//
// A packed byte is a pair of codes, and where these are, a lane as wide as both.

#include <bit>
#include <cstring>
#include <type_traits>

#include "impls/cpu/checked_pieces.h"
#include "impls/cpu/kernels.h"
#include "impls/cpu/parallel.h"
#include "impls/cpu/streamed.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/plain_int4.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "impls/cpu/prefetch-inl.h"
#include "impls/cpu/streamed-inl.h"

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

// Packs whole vectors of pairs from `first` on; returns where the rest begins.
HWY_INLINE int64_t PackVectors(const uint8_t* codes, uint8_t* packed, int64_t first, int64_t last) {
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
void PackI8(const uint8_t* codes, uint8_t* packed, int64_t first, int64_t last) {
  for (int64_t i = PackVectors(codes, packed, first, last); i < last; ++i) {
    packed[i] = static_cast<uint8_t>((codes[2 * i] & 15) | codes[2 * i + 1] << 4);
  }
}

// The same of the i32 codes of `count` bytes. Returns whether all of them are `low` ... low + 15.
bool PackI32(const uint8_t* codes, uint8_t* packed, int64_t count, int32_t low) {
  int64_t i = 0;
  bool legal = true;
#if HWY_TARGET != HWY_SCALAR  // whose loads must be aligned
  static_assert(std::endian::native == std::endian::little, "the first code of a pair is in the low half");
  const hn::ScalableTag<uint64_t> d;
  const hn::Rebind<uint8_t, decltype(d)> d8;
  const hn::Repartition<uint32_t, decltype(d)> d32;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  auto beyond = hn::Zero(d32);
  for (; i + lanes <= count; i += lanes) {
    const auto* pairs = reinterpret_cast<const uint64_t*>(codes) + i;
    PrefetchPagesAhead(pairs);
    const auto pair = hn::LoadU(d, pairs);
    beyond = hn::Or(beyond, hn::Sub(hn::BitCast(d32, pair), hn::Set(d32, static_cast<uint32_t>(low))));
    const auto nibbles = hn::And(pair, hn::Set(d, 0x0000000f0000000fU));
    hn::StoreU(hn::TruncateTo(d8, hn::Or(nibbles, hn::ShiftRight<28>(nibbles))), d8, packed + i);
  }
  legal = hn::AllTrue(d32, hn::Eq(hn::And(beyond, hn::Set(d32, ~15U)), hn::Zero(d32)));
#endif
  for (; i < count; ++i) {
    const auto first = LoadAt<int32_t>(codes, 2 * i), second = LoadAt<int32_t>(codes, 2 * i + 1);
    packed[i] = static_cast<uint8_t>((first & 15) | (second & 15) << 4);
    legal = legal && first >= low && first <= low + 15 && second >= low && second <= low + 15;
  }
  return legal;
}

// Two codes are as wide as a pair.
template <typename Code>
using PairOf = std::conditional_t<sizeof(Code) == 4, uint64_t, uint16_t>;

#if HWY_TARGET == HWY_SCALAR
// Pairs have no lanes of their own.
template <typename Code>
HWY_INLINE hn::Vec<hn::ScalableTag<PairOf<Code>>> SplitBytes(const uint8_t*, Code) {
  return hn::Zero(hn::ScalableTag<PairOf<Code>>());
}
#else
template <class D>
HWY_INLINE hn::Vec<D> LoadBytes(D d, const uint8_t* bytes) {
  const auto narrow = hn::LoadU(hn::Rebind<uint8_t, D>(), bytes);
  if constexpr (sizeof(hn::TFromD<D>) == 8) {
    return hn::PromoteTo(d, hn::PromoteTo(hn::Rebind<uint32_t, D>(), narrow));
  } else {
    return hn::PromoteTo(d, narrow);
  }
}

// A vector of pairs. (c ^ half) - half extends the sign if `half` is 8, and does nothing if it is 0.
template <typename Code>
HWY_INLINE hn::Vec<hn::ScalableTag<PairOf<Code>>> SplitBytes(const uint8_t* packed, Code half) {
  static_assert(std::endian::native == std::endian::little, "the first code of a pair is in the low half");
  using Pair = PairOf<Code>;
  constexpr int kBits = 8 * sizeof(Code);
  const hn::ScalableTag<Pair> d;
  const hn::Repartition<Code, decltype(d)> d_code;
  const auto bytes = LoadBytes(d, packed), nibbles = hn::Set(d, static_cast<Pair>(15 | Pair{15} << kBits));
  const auto codes = hn::BitCast(d_code, hn::And(hn::Or(bytes, hn::ShiftLeft<kBits - 4>(bytes)), nibbles));
  return hn::BitCast(d, hn::Sub(hn::Xor(codes, hn::Set(d_code, half)), hn::Set(d_code, half)));
}
#endif

// codes[2i], codes[2i + 1] = low and high nibble of packed[i], in two's complement if `half` is 8 rather than 0, for
// i in [first, last).
template <typename Code>
HWY_INLINE void UnpackAs(const uint8_t* packed, uint8_t* codes, Code half, int64_t first, int64_t last, bool streamed) {
  const hn::ScalableTag<PairOf<Code>> d;
  const auto vector = [&](int64_t i) HWY_ATTR {
    PrefetchAhead(packed + i);
    return SplitBytes(packed + i, half);
  };
  const auto element = [&](int64_t i) {
    const Code pair[2] = {static_cast<Code>(((packed[i] & 15) ^ half) - half),
                          static_cast<Code>((packed[i] >> 4 ^ half) - half)};
    return std::bit_cast<PairOf<Code>>(pair);
  };
  Fill(d, reinterpret_cast<PairOf<Code>*>(codes), first, last, streamed, vector, element);
}

void UnpackUnsignedI32(const uint8_t* packed, uint8_t* codes, int64_t first, int64_t last, bool streamed) {
  UnpackAs<int32_t>(packed, codes, 0, first, last, streamed);
}
void UnpackSignedI32(const uint8_t* packed, uint8_t* codes, int64_t first, int64_t last, bool streamed) {
  UnpackAs<int32_t>(packed, codes, 8, first, last, streamed);
}
void UnpackSignedI8(const uint8_t* packed, uint8_t* codes, int64_t first, int64_t last, bool streamed) {
  UnpackAs<int8_t>(packed, codes, 8, first, last, streamed);
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

using Unpack = decltype(HWY_STATIC_DISPATCH(UnpackSignedI8))*;

// Rows follow each other without gaps in codes and in packed bytes alike: packed bytes are shared out in pieces.
struct Packing {
  explicit Packing(const Call& call)
      : in(call.input<std::uint8_t>(0).data()),
        out(call.output<std::uint8_t>().data()),
        code_bytes(info(call.input_dtype(0)).size_bytes),
        bytes(call["N"] * call["K"] / 2),
        chunk(kCheckedBytes / code_bytes / 2) {}

  [[nodiscard]] std::int64_t pieces() const { return (bytes + chunk - 1) / chunk; }
  [[nodiscard]] Piece piece(std::int64_t i) const {
    const std::int64_t first = i * chunk, count = std::min(chunk, bytes - first);
    return {2 * first, 2 * count, first, count};
  }

  const std::uint8_t* in;
  std::uint8_t* out;
  std::int64_t code_bytes, bytes, chunk;
};

void run_unpacking(const Call& call, Unpack unpack) {
  const std::uint8_t* in = call.input<std::uint8_t>(0).data();
  std::uint8_t* out = call.output<std::uint8_t>().data();
  const std::int64_t packed_bytes = call["N"] * call["K"] / 2;
  const bool streamed = is_streamed(call.output_count() * info(call.output_dtype()).size_bytes);
  const std::int64_t chunks = (packed_bytes + kChunkBytes - 1) / kChunkBytes;
  parallel_ranges(chunks, call.threads(), [&](std::int64_t first, std::int64_t last) {
    unpack(in, out, first * kChunkBytes, std::min(last * kChunkBytes, packed_bytes), streamed);
    if (streamed) end_stream();
  });
}

}  // namespace

Kernel pack_plain_int32(const Target& target) {
  const auto body = PLUMB_FOR_TARGET(PackI32, target);
  const auto run = [body](const Call& call, void*) {
    const Packing packing(call);
    const auto low = static_cast<std::int32_t>(call.limits(0).low);
    run_staged(
        call, packing.pieces(), [&](std::int64_t i) { return packing.piece(i); },
        [&](std::int64_t i, std::uint8_t* to) {
          const Piece piece = packing.piece(i);
          return body(packing.in + piece.first_element * packing.code_bytes, to, piece.byte_count, low);
        });
  };
  return {.op = "pack_plain_int32", .contract = kExactContract, .prepare = {}, .run = run, .checks_limits = true};
}

Kernel unpack_plain_int32(const Target& target) {
  const Unpack from_zero = PLUMB_FOR_TARGET(UnpackUnsignedI32, target);
  const Unpack around_zero = PLUMB_FOR_TARGET(UnpackSignedI32, target);
  return {"unpack_plain_int32", kExactContract, {}, [=](const Call& call, void*) {
            run_unpacking(call, call["signed"] != 0 ? around_zero : from_zero);
          }};
}

Kernel pack_plain_int4(const Target& target) {
  const auto body = PLUMB_FOR_TARGET(PackI8, target);
  const auto run = [body](const Call& call, void*) {
    const Packing packing(call);
    run_checked(
        call, packing.pieces(), [&](std::int64_t i) { return packing.piece(i); },
        [&](std::int64_t i) {
          const Piece piece = packing.piece(i);
          body(packing.in, packing.out, piece.first_byte, piece.first_byte + piece.byte_count);
        });
  };
  return {.op = "pack_plain_int4", .contract = kExactContract, .prepare = {}, .run = run, .checks_limits = true};
}

Kernel unpack_plain_int4(const Target& target) {
  const Unpack unpack = PLUMB_FOR_TARGET(UnpackSignedI8, target);
  return {"unpack_plain_int4", kExactContract, {}, [=](const Call& call, void*) { run_unpacking(call, unpack); }};
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
