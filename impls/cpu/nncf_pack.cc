// NNCF's 4-bit and 2-bit packs in flat order, the first code of a byte in its lowest bits.

#include "impls/cpu/checked_pieces.h"
#include "impls/cpu/kernels.h"
#include "impls/cpu/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/nncf_pack.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The packed bytes of the next Lanes(d) * 8 / kBits codes.
template <int kBits, class D>
HWY_INLINE hn::Vec<D> PackedBytes(D d, const uint8_t* codes) {
  const auto mask = hn::Set(d, (1 << kBits) - 1);
  hn::Vec<D> v0, v1, v2, v3;
  if constexpr (kBits == 4) {
    hn::LoadInterleaved2(d, codes, v0, v1);
    return hn::Or(hn::And(v0, mask), hn::ShiftLeft<4>(v1));
  } else {
    hn::LoadInterleaved4(d, codes, v0, v1, v2, v3);
    const auto low = hn::Or(hn::And(v0, mask), hn::ShiftLeft<2>(hn::And(v1, mask)));
    return hn::Or(low, hn::Or(hn::ShiftLeft<4>(hn::And(v2, mask)), hn::ShiftLeft<6>(v3)));
  }
}

// packed[i] = the low kBits of codes[i * 8 / kBits + j] at bit j * kBits, each with kFlip's bits flipped, for i in
// [first, last). Flipping bit 3 adds 8 modulo 16.
template <int kBits, uint8_t kFlip>
void Pack(const uint8_t* codes, uint8_t* packed, int64_t first, int64_t last) {
  constexpr int kCount = 8 / kBits;
  const hn::ScalableTag<uint8_t> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = first;
  for (; i + lanes <= last; i += lanes) {
    hn::StoreU(hn::Xor(PackedBytes<kBits>(d, codes + kCount * i), hn::Set(d, kFlip)), d, packed + i);
  }
  for (; i < last; ++i) {
    int byte = 0;
    for (int j = 0; j < kCount; ++j) byte |= (codes[kCount * i + j] & ((1 << kBits) - 1)) << (kBits * j);
    packed[i] = static_cast<uint8_t>(byte ^ kFlip);
  }
}

void PackUint4(const uint8_t* in, uint8_t* out, int64_t first, int64_t last) { Pack<4, 0>(in, out, first, last); }
void PackInt4(const uint8_t* in, uint8_t* out, int64_t first, int64_t last) { Pack<4, 0x88>(in, out, first, last); }
void PackUint2(const uint8_t* in, uint8_t* out, int64_t first, int64_t last) { Pack<2, 0>(in, out, first, last); }

// codes[2i] = (packed[i] & 15) - kOffset, codes[2i + 1] = (packed[i] >> 4) - kOffset modulo 256: the shift is logical
// for uint8_t, arithmetic for int8_t.
template <typename T, int kOffset>
void Unpack4(const uint8_t* packed_bytes, uint8_t* code_bytes, int64_t first, int64_t last) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto* packed = reinterpret_cast<const T*>(packed_bytes);
  auto* codes = reinterpret_cast<T*>(code_bytes);
  const auto offset = hn::Set(d, T{kOffset});
  int64_t i = first;
  for (; i + lanes <= last; i += lanes) {
    const auto bytes = hn::LoadU(d, packed + i);
    const auto low = hn::And(bytes, hn::Set(d, T{15})), high = hn::ShiftRight<4>(bytes);
    hn::StoreInterleaved2(hn::Sub(low, offset), hn::Sub(high, offset), d, codes + 2 * i);
  }
  for (; i < last; ++i) {
    codes[2 * i] = static_cast<T>((packed[i] & 15) - kOffset);
    codes[2 * i + 1] = static_cast<T>((packed[i] >> 4) - kOffset);
  }
}

void UnpackUint4(const uint8_t* in, uint8_t* out, int64_t first, int64_t last) {
  Unpack4<uint8_t, 0>(in, out, first, last);
}
void UnpackUint4Signed(const uint8_t* in, uint8_t* out, int64_t first, int64_t last) {
  Unpack4<int8_t, 0>(in, out, first, last);
}
void UnpackInt4(const uint8_t* in, uint8_t* out, int64_t first, int64_t last) {
  Unpack4<uint8_t, 8>(in, out, first, last);
}
void UnpackInt4Signed(const uint8_t* in, uint8_t* out, int64_t first, int64_t last) {
  Unpack4<int8_t, 8>(in, out, first, last);
}

// codes[4i + j] = packed[i] >> 2j & 3.
void UnpackUint2(const uint8_t* packed, uint8_t* codes, int64_t first, int64_t last) {
  const hn::ScalableTag<uint8_t> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto mask = hn::Set(d, 3);
  int64_t i = first;
  for (; i + lanes <= last; i += lanes) {
    const auto bytes = hn::LoadU(d, packed + i);
    hn::StoreInterleaved4(hn::And(bytes, mask), hn::And(hn::ShiftRight<2>(bytes), mask),
                          hn::And(hn::ShiftRight<4>(bytes), mask), hn::ShiftRight<6>(bytes), d, codes + 4 * i);
  }
  for (; i < last; ++i) {
    for (int j = 0; j < 4; ++j) codes[4 * i + j] = static_cast<uint8_t>(packed[i] >> (2 * j) & 3);
  }
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {
namespace {

HWY_EXPORT(PackUint4);
HWY_EXPORT(PackInt4);
HWY_EXPORT(PackUint2);
HWY_EXPORT(UnpackUint4);
HWY_EXPORT(UnpackUint4Signed);
HWY_EXPORT(UnpackInt4);
HWY_EXPORT(UnpackInt4Signed);
HWY_EXPORT(UnpackUint2);

// Threads share whole chunks, so that none has so little to do that starting it costs more.
constexpr std::int64_t kChunkBytes = 1 << 16;

using Body = void (*)(const std::uint8_t*, std::uint8_t*, std::int64_t, std::int64_t);

void run_chunks(const Call& call, Body body, std::int64_t packed_count) {
  const std::uint8_t* in = call.input<std::uint8_t>(0).data();
  std::uint8_t* out = call.output<std::uint8_t>().data();
  const std::int64_t chunks = (packed_count + kChunkBytes - 1) / kChunkBytes;
  parallel_ranges(chunks, call.threads(), [&](std::int64_t first, std::int64_t last) {
    body(in, out, first * kChunkBytes, std::min(last * kChunkBytes, packed_count));
  });
}

Kernel packing(const char* op, Body body) {
  return {op, kExactContract, {}, [body](const Call& call, void*) { run_chunks(call, body, call.output_count()); }};
}

// `arithmetic` is for bytes in an i8 container.
Kernel unpacking(const char* op, Body logical, Body arithmetic) {
  return {op, kExactContract, {}, [=](const Call& call, void*) {
            run_chunks(call, call.input_dtype(0) == DType::i8 ? arithmetic : logical, call.input_count(0));
          }};
}

}  // namespace

Kernel pack_uint4(const Target& target) { return packing("pack_uint4", PLUMB_FOR_TARGET(PackUint4, target)); }
Kernel pack_int4(const Target& target) { return packing("pack_int4", PLUMB_FOR_TARGET(PackInt4, target)); }
Kernel pack_uint2(const Target& target) { return packing("pack_uint2", PLUMB_FOR_TARGET(PackUint2, target)); }

// The same bytes, but what is out of range is refused.
Kernel onnx_pack_4bit(const Target& target) {
  const Body body = PLUMB_FOR_TARGET(PackUint4, target);
  const auto run = [body](const Call& call, void*) {
    const std::uint8_t* in = call.input<std::uint8_t>(0).data();
    std::uint8_t* out = call.output<std::uint8_t>().data();
    constexpr std::int64_t kChunk = kCheckedBytes / 2;
    const std::int64_t count = call.output_count();
    const auto piece = [=](std::int64_t i) {
      const std::int64_t first = i * kChunk, bytes = std::min(kChunk, count - first);
      return Piece{2 * first, 2 * bytes, first, bytes};
    };
    run_checked(call, (count + kChunk - 1) / kChunk, piece,
                [=](std::int64_t i) { body(in, out, i * kChunk, std::min((i + 1) * kChunk, count)); });
  };
  return {.op = "onnx_pack_4bit", .contract = kExactContract, .prepare = {}, .run = run, .checks_limits = true};
}

Kernel unpack_uint4(const Target& target) {
  return unpacking("unpack_uint4", PLUMB_FOR_TARGET(UnpackUint4, target), PLUMB_FOR_TARGET(UnpackUint4Signed, target));
}

Kernel unpack_int4(const Target& target) {
  return unpacking("unpack_int4", PLUMB_FOR_TARGET(UnpackInt4, target), PLUMB_FOR_TARGET(UnpackInt4Signed, target));
}

Kernel unpack_uint2(const Target& target) {
  const Body body = PLUMB_FOR_TARGET(UnpackUint2, target);
  return unpacking("unpack_uint2", body, body);
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
