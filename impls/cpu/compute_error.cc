// compute_error: sums of squares of x and of x - y, chunk by chunk, so that they do not depend on the number of
// threads.

#include <cstring>
#include <vector>

#include "impls/cpu/kernels.h"
#include "impls/cpu/parallel.h"
#include "impls/decibels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/compute_error.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "impls/cpu/elements-inl.h"

#ifndef PLUMB_CPU_COMPUTE_ERROR_
#define PLUMB_CPU_COMPUTE_ERROR_
namespace plumb::cpu {

struct SquareSums {
  double signal = 0, noise = 0;
};

// Two tensors of one type, which need not be aligned.
struct ErrorJob {
  const std::byte* x;
  const std::byte* y;
  DType type;
};

}  // namespace plumb::cpu
#endif  // PLUMB_CPU_COMPUTE_ERROR_

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Both sums over whole vectors of `values` and `others`; differences are what `round` makes of them.
template <class D, class T, class Round>
HWY_INLINE void AddSquares(D d, const T* x, const T* y, int64_t count, const Round& round, SquareSums& sums) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  auto signal = hn::Zero(d), noise = hn::Zero(d);
  for (int64_t i = 0; i < count; i += lanes) {
    const auto value = hn::Load(d, x + i), rest = round(hn::Sub(value, hn::Load(d, y + i)));
    signal = hn::MulAdd(value, value, signal);
    noise = hn::MulAdd(rest, rest, noise);
  }
  sums.signal += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, signal)));
  sums.noise += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, noise)));
}

HWY_INLINE void AddWideSquares(const ErrorJob& job, int64_t first, int64_t count, SquareSums& sums) {
  const hn::CappedTag<double, 8> d;
  HWY_ALIGN double x[kRun];
  HWY_ALIGN double y[kRun];
  const auto load = [&](const std::byte* from, double* to) {
    std::memcpy(to, from + first * int64_t{sizeof(double)}, static_cast<size_t>(count) * sizeof(double));
    for (int64_t i = count; i % 8 != 0; ++i) to[i] = 0;
  };
  load(job.x, x);
  load(job.y, y);
  AddSquares(
      d, x, y, count, [](auto v) { return v; }, sums);
}

// Elements [first, last).
void SumSquares(const ErrorJob& job, int64_t first, int64_t last, SquareSums& sums) {
  const FloatTag d;
  HWY_ALIGN float x[kRun];
  HWY_ALIGN float y[kRun];
  for (int64_t i = first; i < last; i += kRun) {
    const int64_t count = HWY_MIN(kRun, last - i);
    if (job.type == DType::f64) {
      AddWideSquares(job, i, count, sums);
      continue;
    }
    Widen(job.type, job.x, i, count, x);
    Widen(job.type, job.y, i, count, y);
    WithFloat(job.type, [&](auto element) {
      AddSquares(
          d, x, y, count, [&](auto v) { return RoundTo(element, d, v); }, sums);
    });
  }
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {
namespace {

HWY_EXPORT(SumSquares);

using Sum = void (*)(const ErrorJob&, std::int64_t, std::int64_t, SquareSums&);
constexpr std::int64_t kChunk = 1 << 14;  // elements

void run(const Call& call, Sum sum) {
  const ErrorJob job{call.input<std::byte>(0).data(), call.input<std::byte>(1).data(), call.input_dtype(0)};
  const std::int64_t count = call.input_count(0), chunks = (count + kChunk - 1) / kChunk;
  std::vector<SquareSums> parts(static_cast<std::size_t>(chunks));
  parallel_ranges(chunks, call.threads(), [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      sum(job, i * kChunk, std::min(count, (i + 1) * kChunk), parts[static_cast<std::size_t>(i)]);
    }
  });
  SquareSums total;
  for (const SquareSums& part : parts) total = {total.signal + part.signal, total.noise + part.noise};
  store_decibels(call, total.signal, total.noise);
}

}  // namespace

Kernel compute_error(const Target& target) {
  const Sum sum = PLUMB_FOR_TARGET(SumSquares, target);
  return {"compute_error", kExactContract, {}, [sum](const Call& call, void*) { run(call, sum); }};
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
