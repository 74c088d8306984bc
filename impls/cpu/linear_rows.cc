#include "impls/cpu/linear_rows.h"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/linear_rows.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "impls/cpu/elements-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int64_t kVector = 16;

void WidenRow(DType dtype, const void* x, int64_t m, int64_t columns, const float* factors, float* to) {
  const FloatTag d;
  const int64_t padded = (columns + kVector - 1) / kVector * kVector;
  for (int64_t k = padded - kVector; k < padded; k += Lanes()) hn::Store(hn::Zero(d), d, to + k);
  for (int64_t k = 0; k < columns; k += kRun) {
    Widen(dtype, x, m * columns + k, HWY_MIN(columns - k, kRun), to + k);
  }
  if (factors == nullptr) return;
  WithFloat(dtype, [&](auto element) {
    for (int64_t k = 0; k < padded; k += Lanes()) {
      hn::Store(RoundTo(element, d, hn::Mul(hn::Load(d, to + k), hn::LoadU(d, factors + k))), d, to + k);
    }
  });
}

void QuantiseRow(int64_t columns, int64_t group, float* row) {
  const FloatTag d;
  for (int64_t first = 0; first < columns; first += group) {
    auto largest = hn::Zero(d);
    for (int64_t k = first; k < first + group; k += Lanes()) largest = hn::Max(largest, hn::Abs(hn::Load(d, row + k)));
    const float scale = hn::GetLane(hn::MaxOfLanes(d, largest)) / 127;
    for (int64_t k = first; k < first + group; k += Lanes()) {
      const auto code = hn::Round(hn::Div(hn::Load(d, row + k), hn::Set(d, scale)));
      hn::Store(scale == 0 ? hn::Zero(d) : hn::Mul(code, hn::Set(d, scale)), d, row + k);
    }
  }
}

void FinishRow(DType dtype, const float* sums, int64_t m, int64_t columns, const float* bias, bool rounds_first,
               void* y) {
  const FloatTag d;
  HWY_ALIGN float run[kRun];
  for (int64_t n = 0; n < columns; n += kRun) {
    const int64_t count = HWY_MIN(columns - n, kRun);
    std::memcpy(run, sums + n, static_cast<size_t>(count) * sizeof(float));
    for (int64_t i = count; i % kVector != 0; ++i) run[i] = 0;
    WithFloat(dtype, [&](auto element) {
      for (int64_t i = 0; i < count; i += Lanes()) {
        auto value = hn::Load(d, run + i);
        if (rounds_first) value = RoundTo(element, d, value);
        if (bias != nullptr) value = hn::Add(value, hn::LoadU(d, bias + n + i));
        hn::Store(RoundTo(element, d, value), d, run + i);
      }
    });
    Narrow(dtype, run, m * columns + n, count, y);
  }
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {

HWY_EXPORT(WidenRow);
HWY_EXPORT(QuantiseRow);
HWY_EXPORT(FinishRow);

LinearRowFunctions linear_row_functions(const Target& target) {
  return {PLUMB_FOR_TARGET(WidenRow, target), PLUMB_FOR_TARGET(QuantiseRow, target),
          PLUMB_FOR_TARGET(FinishRow, target)};
}

PaddedRows::PaddedRows(const Call& call, const LinearRowFunctions& functions, std::int64_t columns,
                       const float* factors, std::int64_t dynamic)
    : stride_((columns + 16 - 1) / 16 * 16), data_(call.input<float>(0).data()) {
  const bool is_aligned = reinterpret_cast<std::uintptr_t>(data_) % alignof(float) == 0;
  if (call.input_dtype(0) == DType::f32 && columns == stride_ && factors == nullptr && dynamic == 0 && is_aligned)
    return;
  const void* x = data_;
  copy_.resize(static_cast<std::size_t>(call["M"] * stride_));
  for (std::int64_t m = 0; m < call["M"]; ++m) {
    functions.widen(call.input_dtype(0), x, m, columns, factors, copy_.data() + m * stride_);
    if (dynamic != 0) functions.quantise(columns, dynamic, copy_.data() + m * stride_);
  }
  data_ = copy_.data();
}

PaddedRows::PaddedRows(const std::vector<float>& values, std::int64_t rows)
    : stride_((std::ssize(values) / rows + 16 - 1) / 16 * 16), copy_(static_cast<std::size_t>(rows * stride_)) {
  const std::int64_t columns = std::ssize(values) / rows;
  for (std::int64_t m = 0; m < rows; ++m) {
    std::copy_n(values.begin() + m * columns, columns, copy_.begin() + m * stride_);
  }
  data_ = copy_.data();
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
