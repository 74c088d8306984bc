// pack_dyn_quant_4bit: bytes, scales and bias as f32, one after the other.

#include <cstring>

#include "impls/cpu/kernels.h"
#include "impls/cpu/parallel.h"
#include "impls/cpu/streamed.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/dyn_quant_4bit.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "impls/cpu/prefetch-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// values[i] = bytes[i], exactly.
void Widen(const uint8_t* bytes, float* values, int64_t first, int64_t last) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const hn::Rebind<uint8_t, decltype(d)> d8;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = first;
  for (; i + lanes <= last; i += lanes) {
    PrefetchAhead(bytes + i);
    hn::StoreU(hn::ConvertTo(d, hn::PromoteTo(di, hn::LoadU(d8, bytes + i))), d, values + i);
  }
  for (; i < last; ++i) {
    const float value = bytes[i];
    std::memcpy(values + i, &value, sizeof value);  // tensors need not be aligned
  }
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {
namespace {

HWY_EXPORT(Widen);

using Body = void (*)(const std::uint8_t*, float*, std::int64_t, std::int64_t);

enum Input : std::size_t { kWeights, kScales, kBias };

// Threads share whole chunks, so that none has so little to do that starting it costs more.
constexpr std::int64_t kChunkBytes = 1 << 14;

// By way of a buffer, so short that the machine is still writing what it held when it is filled again.
void widen_streamed(Body body, const std::uint8_t* bytes, float* values, std::int64_t first, std::int64_t last) {
  constexpr std::int64_t kStep = 1024;
  alignas(64) float buffer[kStep];
  for (; first < last; first += kStep) {
    const std::int64_t count = std::min(kStep, last - first);
    body(bytes + first, buffer, 0, count);
    stream_bytes(buffer, values + first, count * std::int64_t{sizeof *buffer});
  }
  end_stream();
}

void run(const Call& call, Body body) {
  const auto weights = call.input<std::uint8_t>(kWeights);
  const auto bytes = static_cast<std::int64_t>(weights.size());
  float* packed = call.output<float>().data();
  const bool streamed = is_streamed(4 * call.output_count());
  parallel_ranges((bytes + kChunkBytes - 1) / kChunkBytes, call.threads(), [&](std::int64_t first, std::int64_t last) {
    const std::int64_t begin = first * kChunkBytes, end = std::min(last * kChunkBytes, bytes);
    if (streamed) {
      widen_streamed(body, weights.data(), packed, begin, end);
    } else {
      body(weights.data(), packed, begin, end);
    }
  });
  float* rest = packed + bytes;
  for (const Input input : {kScales, kBias}) {
    const std::vector<float> values = call.input_as_f32(input);
    if (!values.empty()) std::memcpy(rest, values.data(), values.size() * sizeof values[0]);
    rest += values.size();
  }
}

}  // namespace

Kernel pack_dyn_quant_4bit(const Target& target) {
  const Body body = PLUMB_FOR_TARGET(Widen, target);
  return {"pack_dyn_quant_4bit", kExactContract, {}, [body](const Call& call, void*) { run(call, body); }};
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
