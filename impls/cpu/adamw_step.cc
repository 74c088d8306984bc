#include "impls/adamw_factors.h"
#include "impls/cpu/kernels.h"
#include "impls/cpu/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/adamw_step.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "impls/cpu/elements-inl.h"

#ifndef PLUMB_CPU_ADAMW_STEP_
#define PLUMB_CPU_ADAMW_STEP_
namespace plumb::cpu {

// Tensors of f32, which need not be aligned.
struct AdamwJob {
  AdamwFactors factors;
  const std::byte *param, *m, *v, *grad;
  std::byte *next_param, *next_m, *next_v;
};

}  // namespace plumb::cpu
#endif  // PLUMB_CPU_ADAMW_STEP_

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int64_t kAdamwRun = 512;

struct AdamwRun {
  HWY_ALIGN float param[kAdamwRun];
  HWY_ALIGN float m[kAdamwRun];
  HWY_ALIGN float v[kAdamwRun];
  HWY_ALIGN float grad[kAdamwRun];
};

HWY_INLINE void StepRun(const AdamwFactors& f, int64_t count, AdamwRun& run) {
  const FloatTag d;
  const auto all = [d](float value) { return hn::Set(d, value); };
  for (int64_t i = 0; i < count; i += Lanes()) {
    const auto grad = hn::Load(d, run.grad + i), param = hn::Load(d, run.param + i);
    const auto m = hn::MulAdd(all(f.beta1), hn::Load(d, run.m + i), hn::Mul(all(f.rest1), grad));
    const auto v = hn::MulAdd(all(f.beta2), hn::Load(d, run.v + i), hn::Mul(all(f.rest2), hn::Mul(grad, grad)));
    const auto divisor = hn::Add(hn::Sqrt(hn::Mul(v, all(f.inverse2))), all(f.eps));
    const auto update = hn::Mul(all(f.lr), hn::Div(hn::Mul(m, all(f.inverse1)), divisor));
    hn::Store(hn::Sub(hn::Sub(param, update), hn::Mul(all(f.decay), param)), d, run.param + i);
    hn::Store(m, d, run.m + i);
    hn::Store(v, d, run.v + i);
  }
}

// Elements [first, last).
void StepElements(const AdamwJob& job, int64_t first, int64_t last) {
  AdamwRun run;
  for (int64_t i = first; i < last; i += kAdamwRun) {
    const int64_t count = HWY_MIN(kAdamwRun, last - i);
    Widen(DType::f32, job.param, i, count, run.param);
    Widen(DType::f32, job.m, i, count, run.m);
    Widen(DType::f32, job.v, i, count, run.v);
    Widen(DType::f32, job.grad, i, count, run.grad);
    StepRun(job.factors, count, run);
    Narrow(DType::f32, run.param, i, count, job.next_param);
    Narrow(DType::f32, run.m, i, count, job.next_m);
    Narrow(DType::f32, run.v, i, count, job.next_v);
  }
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {
namespace {

HWY_EXPORT(StepElements);

using Step = void (*)(const AdamwJob&, std::int64_t, std::int64_t);
constexpr std::int64_t kShare = 1 << 12;  // elements that are worth a thread

void run(const Call& call, Step step) {
  const auto in = [&](std::size_t i) { return call.input<std::byte>(i).data(); };
  const auto out = [&](std::size_t i) { return call.output<std::byte>(i).data(); };
  const AdamwJob job{AdamwFactors(call), in(0), in(1), in(2), in(3), out(0), out(1), out(2)};
  const std::int64_t count = call.output_count();
  parallel_ranges((count + kShare - 1) / kShare, call.threads(), [&](std::int64_t first, std::int64_t last) {
    step(job, first * kShare, std::min(count, last * kShare));
  });
}

}  // namespace

Kernel adamw_step(const Target& target) {
  const Step step = PLUMB_FOR_TARGET(StepElements, target);
  return {"adamw_step", kExactContract, {}, [step](const Call& call, void*) { run(call, step); }};
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
