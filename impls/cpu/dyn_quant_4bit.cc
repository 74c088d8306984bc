// pack_dyn_quant_4bit: bytes, scales and bias as f32, one after the other.

#include <cstring>

#include "impls/cpu/kernels.h"
#include "impls/cpu/parallel.h"
#include "impls/cpu/streamed.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/dyn_quant_4bit.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "impls/cpu/elements-inl.h"
#include "impls/cpu/streamed-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// values[i] = bytes[i], exactly, for i in [first, last).
void WidenBytes(const uint8_t* bytes, float* values, int64_t first, int64_t last, bool streamed) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const hn::Rebind<uint8_t, decltype(d)> d8;
  const auto vector = [&](int64_t i) HWY_ATTR { return hn::ConvertTo(d, hn::PromoteTo(di, hn::LoadU(d8, bytes + i))); };
  Fill(d, values, first, last, streamed, vector, [&](int64_t i) { return static_cast<float>(bytes[i]); });
}

// values[i] = element i of a tensor of floats, for i in [first, last).
void WidenFloats(DType dtype, const void* tensor, float* values, int64_t first, int64_t last) {
  HWY_ALIGN float run[kRun];
  for (; first < last; first += kRun) {
    const int64_t count = HWY_MIN(kRun, last - first);
    Widen(dtype, tensor, first, count, run);
    std::memcpy(values + first, run, static_cast<size_t>(count) * sizeof run[0]);
  }
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {
namespace {

HWY_EXPORT(WidenBytes);
HWY_EXPORT(WidenFloats);

using Bytes = decltype(HWY_STATIC_DISPATCH(WidenBytes))*;
using Floats = decltype(HWY_STATIC_DISPATCH(WidenFloats))*;

enum Input : std::size_t { kWeights, kScales, kBias };

// Threads share whole chunks of elements, so that none has so little to do that starting it costs more.
template <typename Body>
void for_chunks(const Call& call, std::int64_t count, const Body& body) {
  constexpr std::int64_t kChunk = 1 << 14;
  parallel_ranges((count + kChunk - 1) / kChunk, call.threads(),
                  [&](std::int64_t first, std::int64_t last) { body(first * kChunk, std::min(last * kChunk, count)); });
}

void run(const Call& call, Bytes widen_bytes, Floats widen_floats) {
  const auto weights = call.input<std::uint8_t>(kWeights);
  float* packed = call.output<float>().data();
  const bool streamed = is_streamed(4 * call.output_count());
  for_chunks(call, std::ssize(weights), [&](std::int64_t first, std::int64_t last) {
    widen_bytes(weights.data(), packed, first, last, streamed);
    if (streamed) end_stream();
  });
  packed += weights.size();
  for (const Input input : {kScales, kBias}) {
    const void* tensor = call.input<std::byte>(input).data();
    for_chunks(call, call.input_count(input), [&](std::int64_t first, std::int64_t last) {
      widen_floats(call.input_dtype(input), tensor, packed, first, last);
    });
    packed += call.input_count(input);
  }
}

}  // namespace

Kernel pack_dyn_quant_4bit(const Target& target) {
  const Bytes bytes = PLUMB_FOR_TARGET(WidenBytes, target);
  const Floats floats = PLUMB_FOR_TARGET(WidenFloats, target);
  return {"pack_dyn_quant_4bit", kExactContract, {}, [=](const Call& call, void*) { run(call, bytes, floats); }};
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
