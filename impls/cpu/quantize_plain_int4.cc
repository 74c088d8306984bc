// quantize_plain_int4: each group's range, then its codes, a group after the other.

#include "impls/cpu/kernels.h"
#include "impls/cpu/plain_int4_job.h"
#include "impls/cpu/row_chunks.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/quantize_plain_int4.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "impls/cpu/elements-inl.h"
#include "impls/cpu/range-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

struct PlainInt4Group {
  float scale, zero_point;
  float min;        // what is subtracted from values
  float low, high;  // codes before they are centred
  float centre;
};

// NaN stays NaN.
HWY_INLINE float NotTooSmall(float x) { return x < 1e-6F ? 1e-6F : x; }

HWY_INLINE PlainInt4Group ParametersOf(bool symmetric, float min, float max) {
  if (symmetric) {
    const float largest = min != min ? min : HWY_MAX(-min, max);
    return {NotTooSmall(largest) / 8, 0, 0, -8, 7, 0};
  }
  const float scale = NotTooSmall(max - min) / 15;
  return {scale, min + scale * 8, min, 0, 15, 8};
}

HWY_INLINE void StoreParameter(DType type, float value, int64_t place, std::byte* to) {
  HWY_ALIGN float run[16] = {value};
  const FloatTag d;
  WithFloat(type, [&](auto element) { hn::Store(RoundTo(element, d, hn::Load(d, run)), d, run); });
  Narrow(type, run, place, 1, to);
}

// count <= kRun columns from element `first` on. Codes of NaN are the lowest.
HWY_INLINE void StoreCodes(const PlainInt4Job& job, const PlainInt4Group& group, int64_t first, int64_t count,
                           float* run) {
  const FloatTag d;
  const auto low = hn::Set(d, group.low), high = hn::Set(d, group.high), scale = hn::Set(d, group.scale);
  for (int64_t i = 0; i < count; i += Lanes()) {
    const auto x = hn::Div(hn::Sub(hn::Load(d, run + i), hn::Set(d, group.min)), scale);
    const auto q = hn::IfThenElse(hn::Eq(x, x), hn::Min(hn::Max(hn::Round(x), low), high), low);
    hn::Store(hn::Sub(q, hn::Set(d, group.centre)), d, run + i);
  }
  Narrow(DType::i8, run, first, count, job.codes);
}

HWY_INLINE void QuantizeGroup(const PlainInt4Job& job, int64_t row, int64_t first, int64_t last) {
  HWY_ALIGN float run[kRun];
  float min = std::numeric_limits<float>::infinity(), max = -min;
  for (int64_t k = first; k < last; k += kRun) {
    const int64_t count = HWY_MIN(kRun, last - k);
    Widen(job.type, job.in, row * job.columns + k, count, run);
    Extend(run, count, min, max);
  }
  const PlainInt4Group group = ParametersOf(job.symmetric, min, max);
  const int64_t place = first / job.group * job.rows + row;
  StoreParameter(job.type, group.scale, place, job.scale);
  StoreParameter(job.type, group.zero_point, place, job.zero_point);
  for (int64_t k = first; k < last; k += kRun) {
    const int64_t count = HWY_MIN(kRun, last - k);
    Widen(job.type, job.in, row * job.columns + k, count, run);
    StoreCodes(job, group, row * job.columns + k, count, run);
  }
}

// Rows [first, last).
void QuantizePlainInt4(const PlainInt4Job& job, int64_t first, int64_t last) {
  for (int64_t row = first; row < last; ++row) {
    for (int64_t k = 0; k < job.columns; k += job.group) {
      QuantizeGroup(job, row, k, HWY_MIN(k + job.group, job.columns));
    }
  }
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {
namespace {

HWY_EXPORT(QuantizePlainInt4);

using Quantize = void (*)(const PlainInt4Job&, std::int64_t, std::int64_t);

void run(const Call& call, Quantize quantize) {
  const PlainInt4Job job{.in = call.input<std::byte>(0).data(),
                         .type = call.input_dtype(0),
                         .rows = call["N"],
                         .columns = call["K"],
                         .group = call["group"],
                         .symmetric = call["symmetric"] != 0,
                         .codes = call.output<std::int8_t>(0).data(),
                         .scale = call.output<std::byte>(1).data(),
                         .zero_point = call.output<std::byte>(2).data()};
  const std::int64_t row_bytes = job.columns * info(job.type).size_bytes;
  for_row_chunks(job.rows, row_bytes, call.threads(),
                 [&](std::int64_t first, std::int64_t last) { quantize(job, first, last); });
}

}  // namespace

Kernel quantize_plain_int4(const Target& target) {
  const Quantize quantize = PLUMB_FOR_TARGET(QuantizePlainInt4, target);
  return {"quantize_plain_int4", kExactContract, {}, [quantize](const Call& call, void*) { run(call, quantize); }};
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
