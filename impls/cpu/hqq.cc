// quantize_hqq: all groups take one step after the other together, since the mean error of the whole tensor decides
// when to stop. Sums are taken lane by lane, and do not depend on the number of threads.

#include <algorithm>
#include <cmath>

#include "impls/cpu/grouped_values.h"
#include "impls/cpu/hqq_job.h"
#include "impls/cpu/kernels.h"
#include "impls/cpu/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/hqq.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "impls/cpu/elements-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using V = hn::Vec<FloatTag>;

// clamp(rne(x)); NaN stays NaN.
HWY_INLINE V RoundedCode(V x, V low, V high) {
  const V q = hn::Min(hn::Max(hn::Round(x), low), high);
  return hn::IfThenElse(hn::Eq(x, x), q, x);
}

// m^-0.3, the exponent rounded to f32, for m > 1/8, within two units in the last place.
//
// With m = u * 2^(10 k), 1/8 <= u < 128: m^-0.3 = y * 2^(-3 k), y = u^-0.3, the zero of 1 - u^3 y^10. Newton's step
// y += y (1 - u^3 y^10) / 10 turns a relative error e into 5.5 e^2; the first guess is taken from the logarithm that
// the bits of a float are, and off by a twentieth.
HWY_INLINE V PowerMinusThreeTenths(V m) {
  const FloatTag d;
  const hn::RebindToSigned<FloatTag> di;
  const V one = hn::Set(d, 1.0F), tenth = hn::Set(d, 0.1F);
  const auto bits = hn::BitCast(di, m);
  const auto exponent = hn::Sub(hn::ShiftRight<23>(bits), hn::Set(di, 124));
  const auto k = hn::ConvertTo(di, hn::Floor(hn::Mul(hn::Add(hn::ConvertTo(d, exponent), hn::Set(d, 0.5F)), tenth)));
  const auto k2 = hn::Add(k, k);
  const auto u_bits = hn::Sub(bits, hn::ShiftLeft<23>(hn::Add(k2, hn::ShiftLeft<2>(k2))));
  const V u = hn::BitCast(d, u_bits);
  const V guess = hn::Sub(hn::Set(d, 165.05F * 0x1p23F), hn::Mul(hn::ConvertTo(d, u_bits), hn::Set(d, 0.3F)));
  V y = hn::BitCast(d, hn::ConvertTo(di, guess));
  const V u3 = hn::Mul(hn::Mul(u, u), u);
  for (int i = 0; i < 4; ++i) {
    const V y2 = hn::Mul(y, y), y4 = hn::Mul(y2, y2), y8 = hn::Mul(y4, y4);
    const V rest = hn::Sub(one, hn::Mul(u3, hn::Mul(y8, y2)));
    y = hn::Add(y, hn::Mul(hn::Mul(y, rest), tenth));
  }
  y = hn::BitCast(d, hn::Sub(hn::BitCast(di, y), hn::ShiftLeft<23>(hn::Add(k2, k))));
  // f32(-0.3) is -0.3 - 1.19e-8: m^-1.19e-8 = 1 - 1.19e-8 ln m, to first order.
  const V log2 = hn::Sub(hn::Mul(hn::ConvertTo(d, bits), hn::Set(d, 0x1p-23F)), hn::Set(d, 127.0F));
  return hn::Sub(y, hn::Mul(y, hn::Mul(log2, hn::Set(d, 8.2629e-9F))));
}

// sign(x) * max(|x| - b |x|^-0.3, 0), which is 0 for |x| <= 1/8 since b > 1/13. NaN stays NaN.
HWY_INLINE V Shrunk(V x, V b) {
  const FloatTag d;
  const V m = hn::Abs(x);
  const auto is_small = hn::Le(m, hn::Set(d, 0.125F));
  if (hn::AllTrue(d, is_small)) return hn::Zero(d);
  const V rest = hn::Sub(m, hn::Mul(b, PowerMinusThreeTenths(m)));
  const V kept = hn::IfThenElse(hn::Lt(rest, hn::Zero(d)), hn::Zero(d), rest);
  return hn::IfThenElse(is_small, hn::Zero(d), hn::CopySign(kept, x));
}

// One iteration for groups [first, last).
void HqqStep(const HqqJob& job, int64_t first, int64_t last, float shrinkage) {
  const FloatTag d;
  const V low = hn::Set(d, job.low), high = hn::Set(d, job.high), b = hn::Set(d, shrinkage);
  for (int64_t g = first; g < last; ++g) {
    const V scale = hn::Set(d, job.scale[g]), zero = hn::Set(d, job.zero[g]);
    V sum = hn::Zero(d), error = hn::Zero(d);
    for (int64_t i = 0; i < job.length; i += Lanes()) {
      const V w = hn::LoadU(d, job.values + g * job.stride + i);
      const V q = RoundedCode(hn::Add(hn::Mul(w, scale), zero), low, high);
      const V x = hn::Sub(w, hn::Div(hn::Sub(q, zero), scale));
      const V next = hn::Sub(q, hn::Mul(hn::Sub(w, Shrunk(x, b)), scale));
      const auto there = hn::FirstN(d, static_cast<size_t>(HWY_MIN(Lanes(), job.length - i)));
      sum = hn::Add(sum, hn::IfThenElseZero(there, next));
      error = hn::Add(error, hn::IfThenElseZero(there, hn::Abs(x)));
    }
    job.zero[g] = hn::GetLane(hn::SumOfLanes(d, sum)) / static_cast<float>(job.length);
    job.error[g] = hn::GetLane(hn::SumOfLanes(d, error));
  }
}

// Codes take the place of values in groups [first, last). Those of NaN are the lowest.
void HqqCodes(const HqqJob& job, int64_t first, int64_t last) {
  const FloatTag d;
  const V low = hn::Set(d, job.low), high = hn::Set(d, job.high);
  for (int64_t g = first; g < last; ++g) {
    const V scale = hn::Set(d, job.scale[g]), zero = hn::Set(d, job.zero[g]);
    for (int64_t i = 0; i < job.length; i += Lanes()) {
      float* at = job.values + g * job.stride + i;
      const V q = RoundedCode(hn::Add(hn::Mul(hn::LoadU(d, at), scale), zero), low, high);
      hn::StoreU(hn::IfThenElse(hn::Eq(q, q), q, low), d, at);
    }
  }
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {
namespace {

HWY_EXPORT(HqqStep);
HWY_EXPORT(HqqCodes);

// The kernels of one target.
struct Functions {
  void (*step)(const HqqJob&, std::int64_t, std::int64_t, float);
  void (*codes)(const HqqJob&, std::int64_t, std::int64_t);
};

constexpr int kIterations = 20;

float rounded(DType dtype, float value) { return static_cast<float>(round_to(dtype, value)); }

struct Parameters {
  std::vector<float> scale, zero;
};

Parameters initial_parameters(const GroupedValues& values, std::int64_t bits) {
  const auto levels = static_cast<float>((1 << bits) - 1);
  Parameters result;
  for (std::int64_t g = 0; g < values.count; ++g) {
    const float* group = values.group(g);
    float min = group[0], max = group[0], any_nan = 0;
    for (std::int64_t i = 0; i < values.length; ++i) {
      min = std::min(min, group[i]);
      max = std::max(max, group[i]);
      if (std::isnan(group[i])) any_nan = group[i];
    }
    // As torch divides a number by a tensor.
    const float ratio = 1 / (max - min + any_nan) * levels;
    const float scale = ratio > 2e4F ? 2e4F : ratio;
    const float zero = -min * scale;
    result.scale.push_back(scale);
    result.zero.push_back(bits == 4 ? std::nearbyint(zero) : zero);
  }
  return result;
}

void optimise(const HqqJob& job, const GroupedValues& values, const std::vector<float>& errors, int threads,
              const Functions& functions) {
  float best = 1e4F;
  double beta = 10;
  for (int i = 0; i < kIterations; ++i) {
    const auto shrinkage = static_cast<float>(1 / beta);
    beta *= 1.01;
    parallel_ranges(values.count, threads,
                    [&](std::int64_t first, std::int64_t last) { functions.step(job, first, last, shrinkage); });
    double total = 0;
    for (const float error : errors) total += error;
    const float mean = static_cast<float>(total) / static_cast<float>(values.count * values.length);
    if (!(mean < best)) break;
    best = mean;
  }
}

// 1/scale, and what the middle code stands for; in the type of parameters that were not optimised.
void store_parameters(const Call& call, Parameters found) {
  const DType stored = call.output_dtype(1);
  const DType type = call["optimize"] != 0 ? DType::f32 : stored;
  const auto middle = static_cast<float>(1 << (call["bits"] - 1));
  for (std::size_t g = 0; g < found.scale.size(); ++g) {
    found.scale[g] = rounded(type, 1 / found.scale[g]);
    if (call["raw"] == 0) found.zero[g] = (middle - found.zero[g]) * found.scale[g];
  }
  store_rounded(call, 1, found.scale);
  store_rounded(call, 2, found.zero);
}

void run(const Call& call, const Functions& functions) {
  using Order = GroupedValues::Order;
  GroupedValues values(call, call["group"], call["axis"] == 1 ? Order::neighbours : Order::strided);
  Parameters found = initial_parameters(values, call["bits"]);
  std::vector<float> errors(found.scale.size());
  const HqqJob job{.values = values.group(0),
                   .length = values.length,
                   .stride = values.stride,
                   .low = 0,
                   .high = static_cast<float>((1 << call["bits"]) - 1),
                   .scale = found.scale.data(),
                   .zero = found.zero.data(),
                   .error = errors.data()};
  if (call["optimize"] != 0) {
    optimise(job, values, errors, call.threads(), functions);
  } else {
    for (float& scale : found.scale) scale = rounded(call.output_dtype(1), scale);
    for (float& zero : found.zero) zero = rounded(call.output_dtype(1), zero);
  }
  parallel_ranges(values.count, call.threads(),
                  [&](std::int64_t first, std::int64_t last) { functions.codes(job, first, last); });
  values.store_codes(call);
  store_parameters(call, std::move(found));
}

}  // namespace

Kernel quantize_hqq(const Target& target) {
  const Functions functions{PLUMB_FOR_TARGET(HqqStep, target), PLUMB_FOR_TARGET(HqqCodes, target)};
  return {"quantize_hqq", kExactContract, {}, [functions](const Call& call, void*) { run(call, functions); }};
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
