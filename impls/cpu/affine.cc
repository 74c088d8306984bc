// quantize_affine, dequantize_affine and their tinygemm forms: element by element, with a block's scale and zero point
// beside each element.

#include <cstring>

#include "impls/cpu/affine_f64.h"
#include "impls/cpu/affine_job.h"
#include "impls/cpu/kernels.h"
#include "impls/cpu/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/affine.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "impls/cpu/elements-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Groups of whole vectors are worked on one by one, with one scale and zero point for all lanes.
constexpr int64_t kVectorGroup = 16;

// to[i] = values[block of element first + i].
HWY_INLINE void Spread(const AffineJob& job, std::span<const float> values, int64_t first, int64_t count, float* to) {
  for (int64_t i = 0; i < count;) {
    const float value = values[static_cast<size_t>(job.block(first + i))];
    const int64_t end = HWY_MIN(count, i + job.run(first + i));
    for (; i < end; ++i) to[i] = value;
  }
}

// Some elements side by side, and what belongs to each, or to all of them.
struct AffineRun {
  float* value;
  const float* scale;
  const float* shift;
  int64_t count;
  bool one_block;

  HWY_INLINE hn::Vec<FloatTag> Scale(int64_t i) const { return hn::Load(FloatTag(), scale + (one_block ? 0 : i)); }
  HWY_INLINE hn::Vec<FloatTag> Shift(int64_t i) const { return hn::Load(FloatTag(), shift + (one_block ? 0 : i)); }
};

// value = clamp(rne(value * scale) + shift), or clamp(rne(value * scale + shift)).
template <class Scaling, class Shifting>
HWY_INLINE void QuantizeRun(const AffineJob& job, Scaling scaling, Shifting shifting, const AffineRun& run) {
  const FloatTag d;
  const auto low = hn::Set(d, job.low), high = hn::Set(d, job.high);
  for (int64_t i = 0; i < run.count; i += Lanes()) {
    auto q = RoundTo(scaling, d, hn::Mul(hn::Load(d, run.value + i), run.Scale(i)));
    if (job.round_first) q = hn::Round(q);
    if (!job.shift.empty()) q = RoundTo(shifting, d, hn::Add(q, run.Shift(i)));
    if (!job.round_first) q = hn::Round(q);
    hn::Store(hn::Min(hn::Max(q, low), high), d, run.value + i);
  }
}

// value = (value - shift) * scale.
template <class Scaling, class Shifting>
HWY_INLINE void DequantizeRun(const AffineJob& job, Scaling scaling, Shifting shifting, const AffineRun& run) {
  const FloatTag d;
  for (int64_t i = 0; i < run.count; i += Lanes()) {
    auto y = RoundTo(shifting, d, hn::Load(d, run.value + i));
    if (!job.shift.empty()) y = RoundTo(shifting, d, hn::Sub(y, run.Shift(i)));
    y = RoundTo(scaling, d, hn::Mul(y, run.Scale(i)));
    hn::Store(RoundTo(shifting, d, y), d, run.value + i);
  }
}

// zero point - scale * middle: what code 0 stands for.
template <class Type, class V = hn::Vec<FloatTag>>
HWY_INLINE V SmallestValue(Type type, V scale, V zero_point, V middle) {
  const FloatTag d;
  return RoundTo(type, d, hn::Sub(zero_point, RoundTo(type, d, hn::Mul(scale, middle))));
}

// value = clamp(rne((value - (zero point - scale * middle)) / scale)).
template <class Type>
HWY_INLINE void QuantizeTinygemmRun(const AffineJob& job, Type type, const AffineRun& run) {
  const FloatTag d;
  const auto low = hn::Set(d, job.low), high = hn::Set(d, job.high), middle = hn::Set(d, job.middle);
  auto scale = run.Scale(0), smallest = SmallestValue(type, scale, run.Shift(0), middle);
  for (int64_t i = 0; i < run.count; i += Lanes()) {
    if (!run.one_block) {
      scale = run.Scale(i);
      smallest = SmallestValue(type, scale, run.Shift(i), middle);
    }
    const auto above = RoundTo(type, d, hn::Sub(hn::Load(d, run.value + i), smallest));
    const auto q = hn::Round(RoundTo(type, d, hn::Div(above, scale)));
    hn::Store(hn::Min(hn::Max(q, low), high), d, run.value + i);
  }
}

// value = (value - middle) * scale + zero point.
template <class Type>
HWY_INLINE void DequantizeTinygemmRun(const AffineJob& job, Type type, const AffineRun& run) {
  const FloatTag d;
  const auto middle = hn::Set(d, job.middle);
  for (int64_t i = 0; i < run.count; i += Lanes()) {
    const auto code = RoundTo(type, d, hn::Load(d, run.value + i));
    const auto offset = RoundTo(type, d, hn::Sub(code, middle));
    const auto scaled = RoundTo(type, d, hn::Mul(offset, run.Scale(i)));
    hn::Store(RoundTo(type, d, hn::Add(scaled, run.Shift(i))), d, run.value + i);
  }
}

// What transforms work on.
struct AffineBuffers {
  HWY_ALIGN float value[kRun];
  HWY_ALIGN float scale[kRun];
  HWY_ALIGN float shift[kRun];
};

// Calls transform for each block's share of the run that begins with element `first`.
template <class Transform>
HWY_INLINE void ForBlocks(const AffineJob& job, int64_t first, int64_t count, AffineBuffers& buffers,
                          const Transform& transform) {
  const FloatTag d;
  for (int64_t i = 0; i < count;) {
    const auto block = static_cast<size_t>(job.block(first + i));
    const int64_t end = HWY_MIN(count, i + job.run(first + i));
    hn::Store(hn::Set(d, job.scale[block]), d, buffers.scale);
    if (!job.shift.empty()) hn::Store(hn::Set(d, job.shift[block]), d, buffers.shift);
    transform({buffers.value + i, buffers.scale, buffers.shift, end - i, true});
    i = end;
  }
}

// Elements [first, last), run by run. `first` is a multiple of a run.
template <class Transform>
HWY_INLINE void ForRuns(const AffineJob& job, int64_t first, int64_t last, const Transform& transform) {
  AffineBuffers buffers = {};
  for (; first < last; first += kRun) {
    const int64_t count = HWY_MIN(kRun, last - first);
    Widen(job.in_type, job.in, first, count, buffers.value);
    if (job.group % kVectorGroup == 0) {
      ForBlocks(job, first, count, buffers, transform);
    } else {
      Spread(job, job.scale, first, count, buffers.scale);
      if (!job.shift.empty()) Spread(job, job.shift, first, count, buffers.shift);
      transform({buffers.value, buffers.scale, buffers.shift, count, false});
    }
    Narrow(job.out_type, buffers.value, first, count, job.out, job.streamed);
  }
  if (job.streamed) end_stream();
}

void Quantize(const AffineJob& job, int64_t first, int64_t last) {
  ForRuns(job, first, last, [&](const AffineRun& run) {
    WithFloat(job.scaling, [&](auto scaling) {
      WithFloat(job.shifting, [&](auto shifting) { QuantizeRun(job, scaling, shifting, run); });
    });
  });
}

void Dequantize(const AffineJob& job, int64_t first, int64_t last) {
  ForRuns(job, first, last, [&](const AffineRun& run) {
    WithFloat(job.scaling, [&](auto scaling) {
      WithFloat(job.shifting, [&](auto shifting) { DequantizeRun(job, scaling, shifting, run); });
    });
  });
}

void QuantizeTinygemm(const AffineJob& job, int64_t first, int64_t last) {
  ForRuns(job, first, last, [&](const AffineRun& run) {
    WithFloat(job.scaling, [&](auto type) { QuantizeTinygemmRun(job, type, run); });
  });
}

void DequantizeTinygemm(const AffineJob& job, int64_t first, int64_t last) {
  ForRuns(job, first, last, [&](const AffineRun& run) {
    WithFloat(job.scaling, [&](auto type) { DequantizeTinygemmRun(job, type, run); });
  });
}

// to[0 .. count) = elements of a tensor, or their reciprocals, rounded to `as`.
void BlockValues(DType dtype, const void* tensor, int64_t count, DType as, bool reciprocal, float* to) {
  const FloatTag d;
  HWY_ALIGN float run[kRun];
  for (int64_t first = 0; first < count; first += kRun) {
    const int64_t length = HWY_MIN(kRun, count - first);
    Widen(dtype, tensor, first, length, run);
    WithFloat(as, [&](auto element) {
      for (int64_t i = 0; i < length; i += Lanes()) {
        const auto value = hn::Load(d, run + i);
        hn::Store(RoundTo(element, d, reciprocal ? hn::Div(hn::Set(d, 1.0F), value) : value), d, run + i);
      }
    });
    std::memcpy(to + first, run, static_cast<size_t>(length) * sizeof *to);
  }
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {
namespace {

HWY_EXPORT(Quantize);
HWY_EXPORT(Dequantize);
HWY_EXPORT(QuantizeTinygemm);
HWY_EXPORT(DequantizeTinygemm);
HWY_EXPORT(BlockValues);

enum Input : std::size_t { kValues, kScale, kZeroPoint };

// The kernels of one target.
struct Functions {
  void (*map)(const AffineJob&, std::int64_t, std::int64_t);
  void (*block_values)(DType, const void*, std::int64_t, DType, bool, float*);
};

// What torch computes in when elements of both types meet.
DType common_type(DType a, DType b) {
  if (!info(b).is_float || a == b) return a;
  return DType::f32;
}

// Threads share whole runs of elements.
constexpr std::int64_t kShare = 1 << 14;

std::vector<float> block_values(const Call& call, const Functions& functions, std::size_t input, DType as,
                                bool reciprocal) {
  std::vector<float> values(static_cast<std::size_t>(call.input_count(input)));
  functions.block_values(call.input_dtype(input), call.input<std::byte>(input).data(), call.input_count(input), as,
                         reciprocal, values.data());
  return values;
}

void run(const Call& call, const Functions& functions, AffineJob job, bool reciprocal = false) {
  const std::vector<float> scale = block_values(call, functions, kScale, call.input_dtype(kScale), reciprocal);
  std::vector<float> shift;
  if (call.input_count(kZeroPoint) > 0) shift = block_values(call, functions, kZeroPoint, job.shifting, false);
  job.in = call.input<std::byte>(kValues).data();
  job.out = call.output<std::byte>().data();
  job.in_type = call.input_dtype(kValues);
  job.out_type = call.output_dtype();
  job.scale = scale;
  job.shift = shift;
  job.columns = call["K"];
  job.block_rows = call["rows"];
  job.group = call["group"];
  job.low = static_cast<float>(call["quant_min"]);
  job.high = static_cast<float>(call["quant_max"]);
  job.streamed = is_streamed(call.output_count() * info(job.out_type).size_bytes);
  const std::int64_t count = call.output_count(), shares = (count + kShare - 1) / kShare;
  parallel_ranges(shares, call.threads(), [&](std::int64_t first, std::int64_t last) {
    functions.map(job, first * kShare, std::min(last * kShare, count));
  });
}

void run_quantize(const Call& call, const Functions& functions) {
  AffineJob job{};
  job.scaling = common_type(call.input_dtype(kValues), call.input_dtype(kScale));
  const bool shifted = call.input_count(kZeroPoint) > 0;
  job.shifting = shifted ? common_type(job.scaling, call.input_dtype(kZeroPoint)) : job.scaling;
  job.round_first = !shifted || call["order"] == 0;
  run(call, functions, job, true);
}

void run_dequantize(const Call& call, const Functions& functions) {
  AffineJob job{};
  job.shifting = call.output_dtype();
  job.scaling = common_type(job.shifting, call.input_dtype(kScale));
  run(call, functions, job);
}

// One type for values, scales and zero points; the zero point is what the middle of the range stands for.
void run_tinygemm(const Call& call, const Functions& functions) {
  AffineJob job{};
  job.scaling = job.shifting = call.input_dtype(kScale);
  job.middle = static_cast<float>((call["quant_max"] + call["quant_min"] + 1) / 2);
  run(call, functions, job);
}

Functions functions_for(const Target& target, decltype(Functions::map) map) {
  return {map, PLUMB_FOR_TARGET(BlockValues, target)};
}

}  // namespace

Kernel quantize_affine(const Target& target) {
  const Functions functions = functions_for(target, PLUMB_FOR_TARGET(Quantize, target));
  return {"quantize_affine", kExactContract, {}, [functions, target](const Call& call, void*) {
            if (call.input_dtype(kScale) == DType::f64) return quantize_affine_f64(target, call);
            run_quantize(call, functions);
          }};
}

Kernel dequantize_affine(const Target& target) {
  const Functions functions = functions_for(target, PLUMB_FOR_TARGET(Dequantize, target));
  return {"dequantize_affine", kExactContract, {}, [functions, target](const Call& call, void*) {
            if (call.input_dtype(kScale) == DType::f64) return dequantize_affine_f64(target, call);
            run_dequantize(call, functions);
          }};
}

Kernel quantize_tinygemm(const Target& target) {
  const Functions functions = functions_for(target, PLUMB_FOR_TARGET(QuantizeTinygemm, target));
  return {
      "quantize_tinygemm", kExactContract, {}, [functions](const Call& call, void*) { run_tinygemm(call, functions); }};
}

Kernel dequantize_tinygemm(const Target& target) {
  const Functions functions = functions_for(target, PLUMB_FOR_TARGET(DequantizeTinygemm, target));
  return {"dequantize_tinygemm", kExactContract, {}, [functions](const Call& call, void*) {
            run_tinygemm(call, functions);
          }};
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
