// linear_weight_gradient: tiles of four outputs by some vectors of columns keep their sums in registers while all rows
// of activation pass by.

#include "impls/cpu/kernels.h"
#include "impls/cpu/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/linear_weight_gradient.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "impls/cpu/elements-inl.h"

#ifndef PLUMB_CPU_LINEAR_WEIGHT_GRADIENT_
#define PLUMB_CPU_LINEAR_WEIGHT_GRADIENT_
namespace plumb::cpu {

struct GradientJob {
  const float* d_out;  // [M, N]
  const float* x;      // [M, stride], zero beyond K
  float* d_w;          // [N, stride]
  std::int64_t rows, outputs, stride;
};

// Columns of a tile: every target has whole vectors of them.
inline constexpr std::int64_t kGradientColumns = 32;

}  // namespace plumb::cpu
#endif  // PLUMB_CPU_LINEAR_WEIGHT_GRADIENT_

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Two vectors of columns by kN outputs, or as many narrower vectors one after the other.
template <int kN>
HWY_INLINE void AddTile(const GradientJob& job, int64_t n, int64_t k) {
  const FloatTag d;
  for (int64_t first = k; first < k + kGradientColumns; first += 2 * Lanes()) {
    hn::Vec<FloatTag> low[kN], high[kN];
    for (int r = 0; r < kN; ++r) low[r] = high[r] = hn::Zero(d);
    for (int64_t m = 0; m < job.rows; ++m) {
      const float* x = job.x + m * job.stride + first;
      const auto x_low = hn::LoadU(d, x), x_high = hn::LoadU(d, x + Lanes());
      for (int r = 0; r < kN; ++r) {
        const auto gradient = hn::Set(d, job.d_out[m * job.outputs + n + r]);
        low[r] = hn::MulAdd(gradient, x_low, low[r]);
        high[r] = hn::MulAdd(gradient, x_high, high[r]);
      }
    }
    for (int r = 0; r < kN; ++r) {
      float* to = job.d_w + (n + r) * job.stride + first;
      hn::StoreU(low[r], d, to);
      hn::StoreU(high[r], d, to + Lanes());
    }
  }
}

// Outputs [first, last).
void SumGradients(const GradientJob& job, int64_t first, int64_t last) {
  for (int64_t k = 0; k < job.stride; k += kGradientColumns) {
    int64_t n = first;
    for (; n + 4 <= last; n += 4) AddTile<4>(job, n, k);
    for (; n < last; ++n) AddTile<1>(job, n, k);
  }
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {
namespace {

HWY_EXPORT(SumGradients);

using Sum = void (*)(const GradientJob&, std::int64_t, std::int64_t);

// Rows of `columns` padded with zeros to `stride`.
std::vector<float> padded(const std::vector<float>& values, std::int64_t columns, std::int64_t stride) {
  const std::int64_t rows = std::ssize(values) / columns;
  std::vector<float> result(static_cast<std::size_t>(rows * stride));
  for (std::int64_t m = 0; m < rows; ++m) {
    std::copy_n(values.begin() + m * columns, columns, result.begin() + m * stride);
  }
  return result;
}

void run(const Call& call, Sum sum) {
  const std::int64_t outputs = call["N"], columns = call["K"];
  const std::int64_t stride = (columns + kGradientColumns - 1) / kGradientColumns * kGradientColumns;
  const std::vector<float> gradient = call.input_as_f32(0), x = padded(call.input_as_f32(1), columns, stride);
  std::vector<float> sums(static_cast<std::size_t>(outputs * stride));
  const GradientJob job{gradient.data(), x.data(), sums.data(), call["M"], outputs, stride};
  parallel_ranges(outputs, call.threads(), [&](std::int64_t first, std::int64_t last) { sum(job, first, last); });
  for (std::int64_t n = 0; n < outputs; ++n) {
    std::copy_n(sums.begin() + n * stride, columns, sums.begin() + n * columns);
  }
  call.store_f32({sums.data(), static_cast<std::size_t>(outputs * columns)});
}

// A product is rounded (1) where it is not fused, and takes part in M sums.
constexpr plumb_contract kContract = {PLUMB_F32, PLUMB_F64, PLUMB_F32, 1, 1, 0, 1};

}  // namespace

Kernel linear_weight_gradient(const Target& target) {
  const Sum sum = PLUMB_FOR_TARGET(SumGradients, target);
  return {"linear_weight_gradient", kContract, {}, [sum](const Call& call, void*) { run(call, sum); }};
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
