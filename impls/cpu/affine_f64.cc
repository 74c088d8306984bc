// quantize_affine and dequantize_affine with scales in f64: values travel as f32, and meet the scale as f64.

#include "impls/cpu/affine_f64.h"

#include <cstring>

#include "impls/cpu/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/affine_f64.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "impls/cpu/affine_f64_job.h"
#include "impls/cpu/elements-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using WideTag = hn::CappedTag<double, 8>;
using NarrowTag = hn::Rebind<float, WideTag>;

HWY_INLINE int64_t WideLanes() { return static_cast<int64_t>(hn::Lanes(WideTag())); }

// One run of elements, and what belongs to each.
struct WideRun {
  HWY_ALIGN float value[kRun];
  HWY_ALIGN double scale[kRun];
  HWY_ALIGN double shift[kRun];
};

// to[i] = values[block of element first + i].
HWY_INLINE void Spread(const AffineF64Job& job, std::span<const double> values, int64_t first, int64_t count,
                       double* to) {
  for (int64_t i = 0; i < count;) {
    const double value = values[static_cast<size_t>(job.block(first + i))];
    const int64_t end = HWY_MIN(count, i + job.run(first + i));
    for (; i < end; ++i) to[i] = value;
  }
}

// value = clamp(rne(value * scale) + shift), or clamp(rne(value * scale + shift)).
HWY_INLINE void QuantizeRun(const AffineF64Job& job, int64_t count, WideRun& run) {
  const WideTag d;
  const NarrowTag narrow;
  for (int64_t i = 0; i < count; i += WideLanes()) {
    const auto x = hn::PromoteTo(d, hn::Load(narrow, run.value + i));
    auto q = hn::Mul(x, hn::Load(d, run.scale + i));
    if (job.round_first) q = hn::Round(q);
    if (!job.shift.empty()) q = hn::Add(q, hn::Load(d, run.shift + i));
    if (!job.round_first) q = hn::Round(q);
    q = hn::Min(hn::Max(q, hn::Set(d, job.low)), hn::Set(d, job.high));
    hn::Store(hn::DemoteTo(narrow, q), narrow, run.value + i);
  }
}

// value = (value - shift) * scale; the difference is rounded to the result's type.
template <class Type>
HWY_INLINE void DequantizeRun(const AffineF64Job& job, Type type, int64_t count, WideRun& run) {
  const FloatTag all;
  const WideTag d;
  const NarrowTag narrow;
  for (int64_t i = 0; i < count; i += Lanes()) {
    hn::Store(RoundTo(type, all, hn::Load(all, run.value + i)), all, run.value + i);
  }
  for (int64_t i = 0; i < count; i += WideLanes()) {
    auto y = hn::Load(narrow, run.value + i);
    if (!job.shift.empty()) y = hn::Sub(y, hn::DemoteTo(narrow, hn::Load(d, run.shift + i)));
    hn::Store(y, narrow, run.value + i);
  }
  for (int64_t i = 0; i < count; i += Lanes()) {
    hn::Store(RoundTo(type, all, hn::Load(all, run.value + i)), all, run.value + i);
  }
  for (int64_t i = 0; i < count; i += WideLanes()) {
    const auto y = hn::Mul(hn::PromoteTo(d, hn::Load(narrow, run.value + i)), hn::Load(d, run.scale + i));
    hn::Store(hn::DemoteTo(narrow, y), narrow, run.value + i);
  }
  for (int64_t i = 0; i < count; i += Lanes()) {
    hn::Store(RoundTo(type, all, hn::Load(all, run.value + i)), all, run.value + i);
  }
}

// Elements [first, last), run by run.
template <class Transform>
HWY_INLINE void ForRuns(const AffineF64Job& job, int64_t first, int64_t last, const Transform& transform) {
  WideRun run = {};
  for (; first < last; first += kRun) {
    const int64_t count = HWY_MIN(kRun, last - first);
    Widen(job.in_type, job.in, first, count, run.value);
    Spread(job, job.scale, first, count, run.scale);
    if (!job.shift.empty()) Spread(job, job.shift, first, count, run.shift);
    transform(count, run);
    Narrow(job.out_type, run.value, first, count, job.out);
  }
}

void QuantizeF64(const AffineF64Job& job, int64_t first, int64_t last) {
  ForRuns(job, first, last, [&](int64_t count, WideRun& run) { QuantizeRun(job, count, run); });
}

void DequantizeF64(const AffineF64Job& job, int64_t first, int64_t last) {
  ForRuns(job, first, last, [&](int64_t count, WideRun& run) {
    WithFloat(job.out_type, [&](auto type) { DequantizeRun(job, type, count, run); });
  });
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {
namespace {

HWY_EXPORT(QuantizeF64);
HWY_EXPORT(DequantizeF64);

enum Input : std::size_t { kValues, kScale, kZeroPoint };

// Threads share whole runs of elements.
constexpr std::int64_t kShare = 1 << 14;

// An input of any type, rounded to `as`.
std::vector<double> values_of(const Call& call, std::size_t input, DType as) {
  const DType dtype = call.input_dtype(input);
  const std::byte* data = call.input<std::byte>(input).data();
  std::vector<double> values(static_cast<std::size_t>(call.input_count(input)));
  for (double& value : values) {
    value = round_to(as, load(dtype, data));
    data += info(dtype).size_bytes;
  }
  return values;
}

void run(const Call& call, AffineF64Job job, DType shifting, bool reciprocal,
         void (*map)(const AffineF64Job&, std::int64_t, std::int64_t)) {
  std::vector<double> scale = values_of(call, kScale, DType::f64), shift;
  if (reciprocal) {
    for (double& value : scale) value = 1 / value;
  }
  if (call.input_count(kZeroPoint) > 0) shift = values_of(call, kZeroPoint, shifting);
  job.in = call.input<std::byte>(kValues).data();
  job.out = call.output<std::byte>().data();
  job.in_type = call.input_dtype(kValues);
  job.out_type = call.output_dtype();
  job.scale = scale;
  job.shift = shift;
  job.columns = call["K"];
  job.block_rows = call["rows"];
  job.group = call["group"];
  job.low = static_cast<double>(call["quant_min"]);
  job.high = static_cast<double>(call["quant_max"]);
  const std::int64_t count = call.output_count(), shares = (count + kShare - 1) / kShare;
  parallel_ranges(shares, call.threads(), [&](std::int64_t first, std::int64_t last) {
    map(job, first * kShare, std::min(last * kShare, count));
  });
}

}  // namespace

void quantize_affine_f64(const Target& target, const Call& call) {
  AffineF64Job job{};
  job.round_first = call.input_count(kZeroPoint) == 0 || call["order"] == 0;
  run(call, job, DType::f64, true, PLUMB_FOR_TARGET(QuantizeF64, target));
}

void dequantize_affine_f64(const Target& target, const Call& call) {
  run(call, {}, call.output_dtype(), false, PLUMB_FOR_TARGET(DequantizeF64, target));
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
