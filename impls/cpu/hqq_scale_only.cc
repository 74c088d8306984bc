// quantize_hqq_scale_only: all blocks take one step after the other together, since the largest change of a scale
// decides when to stop. Sums are taken lane by lane, and do not depend on the number of threads.

#include <algorithm>
#include <cmath>

#include "impls/cpu/grouped_values.h"
#include "impls/cpu/hqq_job.h"
#include "impls/cpu/kernels.h"
#include "impls/cpu/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/hqq_scale_only.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "impls/cpu/elements-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using V = hn::Vec<FloatTag>;

// clamp(rne(w / scale)); NaN stays NaN.
HWY_INLINE V CodeOf(V w, V scale, V low, V high) {
  const V x = hn::Div(w, scale);
  return hn::IfThenElse(hn::Eq(x, x), hn::Min(hn::Max(hn::Round(x), low), high), x);
}

// sum w q / sum q q for blocks [first, last), from the codes of `scale`; the old scale where all codes are zero.
void BestScales(const HqqJob& job, int64_t first, int64_t last, float* next) {
  const FloatTag d;
  const V low = hn::Set(d, job.low), high = hn::Set(d, job.high);
  for (int64_t g = first; g < last; ++g) {
    const V scale = hn::Set(d, job.scale[g]);
    V products = hn::Zero(d), squares = hn::Zero(d);
    for (int64_t i = 0; i < job.length; i += Lanes()) {
      const V w = hn::LoadU(d, job.values + g * job.stride + i);
      const V q = hn::IfThenElseZero(hn::FirstN(d, static_cast<size_t>(HWY_MIN(Lanes(), job.length - i))),
                                     CodeOf(w, scale, low, high));
      products = hn::Add(products, hn::Mul(w, q));
      squares = hn::Add(squares, hn::Mul(q, q));
    }
    const float square = hn::GetLane(hn::SumOfLanes(d, squares));
    next[g] = square > 0 ? hn::GetLane(hn::SumOfLanes(d, products)) / square : job.scale[g];
  }
}

// Codes take the place of values in blocks [first, last). Those of NaN are the lowest.
void ScaledCodes(const HqqJob& job, int64_t first, int64_t last) {
  const FloatTag d;
  const V low = hn::Set(d, job.low), high = hn::Set(d, job.high);
  for (int64_t g = first; g < last; ++g) {
    for (int64_t i = 0; i < job.length; i += Lanes()) {
      float* at = job.values + g * job.stride + i;
      const V q = CodeOf(hn::LoadU(d, at), hn::Set(d, job.scale[g]), low, high);
      hn::StoreU(hn::IfThenElse(hn::Eq(q, q), q, low), d, at);
    }
  }
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {
namespace {

HWY_EXPORT(BestScales);
HWY_EXPORT(ScaledCodes);

// The kernels of one target.
struct Functions {
  void (*best_scales)(const HqqJob&, std::int64_t, std::int64_t, float*);
  void (*codes)(const HqqJob&, std::int64_t, std::int64_t);
};

constexpr int kIterations = 20;

// NaN stays NaN.
float not_too_small(float scale) { return scale < 0x1p-23F ? 0x1p-23F : scale; }

float initial_scale(const float* group, std::int64_t length, float largest_code) {
  float largest = 0;
  for (std::int64_t i = 0; i < length; ++i) {
    if (std::isnan(group[i])) return group[i];
    largest = std::max(largest, std::abs(group[i]));
  }
  return not_too_small(largest / largest_code);
}

// Whether every scale is what it was, but for a hundred-thousandth. Makes sure that none is too small.
bool have_settled(const std::vector<float>& before, std::vector<float>& after) {
  bool settled = true;
  for (std::size_t g = 0; g < after.size(); ++g) {
    after[g] = not_too_small(after[g]);
    settled = settled && std::abs(after[g] - before[g]) / not_too_small(before[g]) < 1e-5F;  // no for NaN
  }
  return settled;
}

void run(const Call& call, const Functions& functions) {
  GroupedValues values(call, call["group"], GroupedValues::Order::neighbours);
  const auto low = static_cast<float>(call["quant_min"]), high = static_cast<float>(call["quant_max"]);
  std::vector<float> scale, next(static_cast<std::size_t>(values.count));
  for (std::int64_t g = 0; g < values.count; ++g) {
    scale.push_back(initial_scale(values.group(g), values.length, std::max(std::abs(low), std::abs(high))));
  }
  HqqJob job{.values = values.group(0),
             .length = values.length,
             .stride = values.stride,
             .low = low,
             .high = high,
             .scale = nullptr,
             .zero = nullptr,
             .error = nullptr};
  bool settled = false;
  for (int i = 0; i < kIterations && !settled; ++i) {
    job.scale = scale.data();
    parallel_ranges(values.count, call.threads(), [&](std::int64_t first, std::int64_t last) {
      functions.best_scales(job, first, last, next.data());
    });
    settled = have_settled(scale, next);
    std::swap(scale, next);
  }
  job.scale = scale.data();
  parallel_ranges(values.count, call.threads(),
                  [&](std::int64_t first, std::int64_t last) { functions.codes(job, first, last); });
  values.store_codes(call);
  store_rounded(call, 1, scale);
}

}  // namespace

Kernel quantize_hqq_scale_only(const Target& target) {
  const Functions functions{PLUMB_FOR_TARGET(BestScales, target), PLUMB_FOR_TARGET(ScaledCodes, target)};
  return {
      "quantize_hqq_scale_only", kExactContract, {}, [functions](const Call& call, void*) { run(call, functions); }};
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
