// choose_qparams_affine and choose_qparams_tinygemm: smallest and largest element of each block, then the formulas, a
// vector of blocks at a time. Neither result depends on the order in which elements are met.

#include <cmath>
#include <cstring>
#include <limits>

#include "impls/cpu/choose_job.h"
#include "impls/cpu/kernels.h"
#include "impls/cpu/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/choose_qparams.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "impls/cpu/elements-inl.h"
#include "impls/cpu/range-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using V = hn::Vec<FloatTag>;

// A row's blocks, whose ranges are at min and max, by way of f32.
HWY_INLINE void WidenAndExtend(const ChooseJob& job, int64_t row, float* min, float* max) {
  HWY_ALIGN float run[kRun];
  for (int64_t k = 0; k < job.columns; k += kRun) {
    const int64_t count = HWY_MIN(kRun, job.columns - k);
    Widen(job.type, job.in, row * job.columns + k, count, run);
    for (int64_t i = 0; i < count;) {
      const int64_t block = (k + i) / job.group, end = HWY_MIN(count, (block + 1) * job.group - k);
      Extend(run + i, end - i, min[block], max[block]);
      i = end;
    }
  }
}

// The same, straight from the tensor.
HWY_INLINE void ExtendRow(const ChooseJob& job, int64_t row, float* min, float* max) {
#if HWY_TARGET == HWY_SCALAR
  WidenAndExtend(job, row, min, max);
#else
  const auto each_block = [&](const auto& extend) {
    for (int64_t k = 0; k < job.columns; k += job.group, ++min, ++max) extend(row * job.columns + k, *min, *max);
  };
  const auto* floats = static_cast<const float*>(job.in);
  const auto* halves = static_cast<const uint16_t*>(job.in);
  if (job.type == DType::f32) {
    each_block([&](int64_t at, float& low, float& high) { Extend(floats + at, job.group, low, high); });
  } else if (job.type == DType::f16) {
    each_block([&](int64_t at, float& low, float& high) { Extend(F16Element(), halves + at, job.group, low, high); });
  } else {
    each_block([&](int64_t at, float& low, float& high) { Extend(Bf16Element(), halves + at, job.group, low, high); });
  }
#endif
}

// Rows of blocks [first, last): min and max hold one value a block.
void FindRanges(const ChooseJob& job, int64_t first, int64_t last, float* min, float* max) {
  const int64_t groups = job.columns / job.group;
  for (int64_t row = first * job.block_rows; row < last * job.block_rows; ++row) {
    const int64_t block = row / job.block_rows * groups;
    ExtendRow(job, row, min + block, max + block);
  }
}

// value, or NaN where `witness` is NaN: minimum and maximum treat NaN differently on each target.
HWY_INLINE V KeepNan(V witness, V value) { return hn::IfThenElse(hn::Eq(witness, witness), value, witness); }

HWY_INLINE V AtLeast(V value, V low) { return KeepNan(value, hn::Max(value, low)); }

HWY_INLINE V Clamp(V value, V low, V high) { return KeepNan(value, hn::Min(hn::Max(value, low), high)); }

struct ScaleAndZeroPoint {
  V scale, zero_point;
};

// The formulas, in the arithmetic of one type.
template <class Type>
struct Formulas {
  const ChooseJob& job;
  FloatTag d;
  V low = hn::Set(d, job.low), high = hn::Set(d, job.high), middle = hn::Set(d, job.middle), eps = hn::Set(d, job.eps);

  HWY_INLINE V Sub(V a, V b) const { return RoundTo(Type(), d, hn::Sub(a, b)); }
  HWY_INLINE V Add(V a, V b) const { return RoundTo(Type(), d, hn::Add(a, b)); }
  HWY_INLINE V Mul(V a, V b) const { return RoundTo(Type(), d, hn::Mul(a, b)); }
  HWY_INLINE V Div(V a, V b) const { return RoundTo(Type(), d, hn::Div(a, b)); }

  HWY_INLINE ScaleAndZeroPoint Symmetric(V min, V max) const {
    const V magnitude = KeepNan(min, hn::Max(hn::Neg(min), max));
    if (job.mapping == Mapping::absmax) return {Div(AtLeast(magnitude, eps), high), hn::Zero(d)};
    if (job.mapping == Mapping::symmetric) {
      return {AtLeast(Div(magnitude, hn::Set(d, (job.high - job.low) / 2)), eps), middle};
    }
    const V from_min = Div(min, low), from_max = Div(max, high);
    return {AtLeast(hn::IfThenElse(hn::Gt(from_min, from_max), from_min, from_max), eps), middle};
  }

  HWY_INLINE V LeastErrorZeroPoint(V min, V max) const {
    const V error = Add(Add(low, min), Add(high, max));
    const V zero_point = hn::IfThenElse(hn::Gt(error, hn::Zero(d)), Sub(low, min), Sub(high, max));
    return hn::Round(Clamp(zero_point, low, high));
  }

  // A scale of 0, or without a reciprocal, becomes 0.1; a small one 6.1e-5, and the range is stretched to it.
  HWY_INLINE ScaleAndZeroPoint Stretched(V min, V max) const {
    const V zero = hn::Zero(d), levels = hn::Set(d, job.high - job.low);
    const V least = RoundTo(Type(), d, hn::Set(d, 6.1e-5F)), whole = Mul(least, levels);
    const V quotient = Div(Sub(max, min), levels);
    const auto is_useless = hn::Or(hn::Eq(quotient, zero), hn::IsInf(Div(hn::Set(d, 1.0F), quotient)));
    V scale = hn::IfThenElse(is_useless, RoundTo(Type(), d, hn::Set(d, 0.1F)), quotient);
    const auto is_small = hn::Lt(scale, least), no_min = hn::Eq(min, zero), no_max = hn::Eq(max, zero);
    const V amplifier = Div(least, scale);
    const V wide_min = hn::IfThenElse(no_min, min, hn::IfThenElse(no_max, hn::Neg(whole), Mul(min, amplifier)));
    const V wide_max = hn::IfThenElse(no_min, whole, hn::IfThenElse(no_max, max, Mul(max, amplifier)));
    scale = hn::IfThenElse(is_small, least, scale);
    min = Div(hn::IfThenElse(is_small, wide_min, min), scale);
    max = Div(hn::IfThenElse(is_small, wide_max, max), scale);
    const auto from_min = hn::Lt(Add(hn::Abs(low), hn::Abs(min)), Add(hn::Abs(high), hn::Abs(max)));
    return {scale, hn::Round(Clamp(hn::IfThenElse(from_min, Sub(low, min), Sub(high, max)), low, high))};
  }

  HWY_INLINE ScaleAndZeroPoint Asymmetric(V min, V max) const {
    if (job.mapping == Mapping::asymmetric_stretched) return Stretched(min, max);
    const V scale = AtLeast(Div(Sub(max, min), hn::Set(d, job.high - job.low)), eps);
    if (job.mapping == Mapping::tinygemm) return {scale, Add(min, Mul(scale, middle))};
    if (job.mapping == Mapping::asymmetric_least_error) {
      return {scale, LeastErrorZeroPoint(Div(min, scale), Div(max, scale))};
    }
    return {scale, Clamp(Sub(low, hn::Round(Div(min, scale))), low, high)};
  }

  HWY_INLINE ScaleAndZeroPoint Choose(V min, V max) const {
    if (job.preserve_zero) {
      min = KeepNan(min, hn::Min(min, hn::Zero(d)));
      max = KeepNan(max, hn::Max(max, hn::Zero(d)));
    }
    const bool symmetric = job.mapping == Mapping::symmetric || job.mapping == Mapping::absmax ||
                           job.mapping == Mapping::symmetric_no_clipping_err;
    return symmetric ? Symmetric(min, max) : Asymmetric(min, max);
  }
};

// Replaces the range of each block by its scale, rounded to `scale_type`, and its zero point, rounded to `zero_type`.
// Both arrays have room for whole vectors.
void Choose(const ChooseJob& job, DType scale_type, DType zero_type, float* min_to_scale, float* max_to_zero_point,
            int64_t blocks) {
  const FloatTag d;
  WithFloat(job.type, [&](auto type) {
    const Formulas<decltype(type)> formulas{job, d};
    for (int64_t i = 0; i < blocks; i += Lanes()) {
      const auto [scale, zero_point] =
          formulas.Choose(hn::LoadU(d, min_to_scale + i), hn::LoadU(d, max_to_zero_point + i));
      WithFloat(scale_type, [&](auto as) { hn::StoreU(RoundTo(as, d, scale), d, min_to_scale + i); });
      WithFloat(zero_type, [&](auto as) { hn::StoreU(RoundTo(as, d, zero_point), d, max_to_zero_point + i); });
    }
  });
}

// All elements of a tensor.
void StoreAll(DType dtype, const float* values, int64_t count, void* tensor) {
  HWY_ALIGN float run[kRun] = {};
  for (int64_t first = 0; first < count; first += kRun) {
    const int64_t length = HWY_MIN(kRun, count - first);
    std::memcpy(run, values + first, static_cast<size_t>(length) * sizeof *run);
    Narrow(dtype, run, first, length, tensor);
  }
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {
namespace {

HWY_EXPORT(FindRanges);
HWY_EXPORT(Choose);
HWY_EXPORT(StoreAll);

// The kernels of one target.
struct Functions {
  void (*find_ranges)(const ChooseJob&, std::int64_t, std::int64_t, float*, float*);
  void (*choose)(const ChooseJob&, DType, DType, float*, float*, std::int64_t);
  void (*store)(DType, const float*, std::int64_t, void*);
};

Functions functions_for(const Target& target) {
  return {PLUMB_FOR_TARGET(FindRanges, target), PLUMB_FOR_TARGET(Choose, target), PLUMB_FOR_TARGET(StoreAll, target)};
}

// The operators' words for eps, in their order, and the smallest normal number of the values' type before them.
float eps_of(std::int64_t word, DType type) {
  constexpr float kNumbers[] = {0, 1e-6F, 1e-5F, 0x1p-23F};
  return static_cast<float>(word == 0 ? min_normal(type) : round_to(type, kNumbers[word]));
}

ChooseJob job_of(const Call& call, Mapping mapping) {
  ChooseJob job{};
  job.in = call.input<std::byte>(0).data();
  job.type = call.input_dtype(0);
  job.columns = call["K"];
  job.block_rows = call["rows"];
  job.group = call["group"];
  job.mapping = mapping;
  job.low = static_cast<float>(call["quant_min"]);
  job.high = static_cast<float>(call["quant_max"]);
  job.middle = static_cast<float>((call["quant_min"] + call["quant_max"] + 1) / 2);
  job.eps = eps_of(call["eps"], job.type);
  return job;
}

void store(const Call& call, const Functions& functions, std::size_t output, const std::vector<float>& values) {
  std::byte* to = call.output<std::byte>(output).data();
  const std::int64_t count = call.output_count(output);
  if (call.output_dtype(output) != DType::f64)
    return functions.store(call.output_dtype(output), values.data(), count, to);
  for (std::int64_t i = 0; i < count; ++i) {
    const double wide = values[static_cast<std::size_t>(i)];
    std::memcpy(to + i * std::int64_t{sizeof wide}, &wide, sizeof wide);
  }
}

// Integers and f64 hold what is rounded to f32.
DType rounding_of(DType dtype) { return dtype == DType::f16 || dtype == DType::bf16 ? dtype : DType::f32; }

void run(const Call& call, const Functions& functions, const ChooseJob& job) {
  const std::int64_t blocks = call.output_count(), block_rows = call["M"] / job.block_rows;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr std::size_t kMaxLanes = 16;
  std::vector<float> scale(static_cast<std::size_t>(blocks) + kMaxLanes, kInfinity);
  std::vector<float> zero_point(scale.size(), -kInfinity);
  parallel_ranges(block_rows, call.threads(), [&](std::int64_t first, std::int64_t last) {
    functions.find_ranges(job, first, last, scale.data(), zero_point.data());
  });
  functions.choose(job, rounding_of(call.output_dtype(0)), rounding_of(call.output_dtype(1)), scale.data(),
                   zero_point.data(), blocks);
  store(call, functions, 0, scale);
  store(call, functions, 1, zero_point);
}

}  // namespace

Kernel choose_qparams_affine(const Target& target) {
  return {"choose_qparams_affine", kExactContract, {}, [functions = functions_for(target)](const Call& call, void*) {
            ChooseJob job = job_of(call, static_cast<Mapping>(call["mapping"]));
            job.preserve_zero = call["preserve_zero"] != 0;
            run(call, functions, job);
          }};
}

Kernel choose_qparams_tinygemm(const Target& target) {
  return {"choose_qparams_tinygemm", kExactContract, {}, [functions = functions_for(target)](const Call& call, void*) {
            run(call, functions, job_of(call, Mapping::tinygemm));
          }};
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
