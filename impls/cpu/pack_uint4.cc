// pack_uint4 and unpack_uint4: two 4-bit codes a byte, low nibble first.

#include "impls/cpu/kernels.h"
#include "impls/cpu/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/pack_uint4.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// packed[i] = (codes[2i] & 15) | (codes[2i + 1] << 4), for i in [first, last).
void Pack(const uint8_t* codes, uint8_t* packed, int64_t first, int64_t last) {
  const hn::ScalableTag<uint8_t> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = first;
  for (; i + lanes <= last; i += lanes) {
    hn::Vec<decltype(d)> even, odd;
    hn::LoadInterleaved2(d, codes + 2 * i, even, odd);
    hn::StoreU(hn::Or(hn::And(even, hn::Set(d, 15)), hn::ShiftLeft<4>(odd)), d, packed + i);
  }
  for (; i < last; ++i) packed[i] = static_cast<uint8_t>((codes[2 * i] & 15) | (codes[2 * i + 1] << 4));
}

// codes[2i] = packed[i] & 15, codes[2i + 1] = packed[i] >> 4: logical for uint8_t, arithmetic for int8_t.
template <typename T>
void UnpackAs(const T* packed, T* codes, int64_t first, int64_t last) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = first;
  for (; i + lanes <= last; i += lanes) {
    const auto bytes = hn::LoadU(d, packed + i);
    hn::StoreInterleaved2(hn::And(bytes, hn::Set(d, T{15})), hn::ShiftRight<4>(bytes), d, codes + 2 * i);
  }
  for (; i < last; ++i) {
    codes[2 * i] = static_cast<T>(packed[i] & 15);
    codes[2 * i + 1] = static_cast<T>(packed[i] >> 4);
  }
}

void UnpackUnsigned(const uint8_t* packed, uint8_t* codes, int64_t first, int64_t last) {
  UnpackAs(packed, codes, first, last);
}

void UnpackSigned(const uint8_t* packed, uint8_t* codes, int64_t first, int64_t last) {
  UnpackAs(reinterpret_cast<const int8_t*>(packed), reinterpret_cast<int8_t*>(codes), first, last);
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {
namespace {

HWY_EXPORT(Pack);
HWY_EXPORT(UnpackUnsigned);
HWY_EXPORT(UnpackSigned);

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

}  // namespace

Kernel pack_uint4(const Target& target) {
  const Body body = PLUMB_FOR_TARGET(Pack, target);
  return {"pack_uint4", kExactContract, {}, [body](const Call& call, void*) {
            run_chunks(call, body, call.output_count());
          }};
}

Kernel unpack_uint4(const Target& target) {
  const Body logical = PLUMB_FOR_TARGET(UnpackUnsigned, target);
  const Body arithmetic = PLUMB_FOR_TARGET(UnpackSigned, target);
  return {"unpack_uint4", kExactContract, {}, [=](const Call& call, void*) {
            run_chunks(call, call.input_dtype(0) == DType::i8 ? arithmetic : logical, call.input_count(0));
          }};
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
