#include "impls/cpu/aten_rows.h"

#include "impls/cpu/row_chunks.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/aten_rows.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "impls/cpu/elements-inl.h"
#include "impls/cpu/range-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

struct AtenGrid {
  float scale, inverse, zero_point;
};

// Every operation is rounded to f32: none may be fused with the next.
HWY_INLINE AtenGrid GridOf(float min, float max) {
  min = HWY_MIN(min, 0.0F);
  max = HWY_MAX(max, 0.0F);
  const float scale = min == max ? 1.0F : 255.0F / (max - min);
  const FloatTag d;
  const auto s = hn::Set(d, scale);
  const auto low = hn::Mul(hn::Set(d, min), s), high = hn::Mul(hn::Set(d, max), s);
  const auto error = hn::Add(hn::Add(hn::Set(d, -128), low), hn::Add(hn::Set(d, 127), high));
  const auto exact =
      hn::IfThenElse(hn::Gt(error, hn::Zero(d)), hn::Sub(hn::Set(d, -128), low), hn::Sub(hn::Set(d, 127), high));
  const auto zero_point = hn::Round(hn::Min(hn::Max(exact, hn::Set(d, -128)), hn::Set(d, 127)));
  return {scale, 1.0F / scale, hn::GetLane(zero_point)};
}

// Ties away from zero: |x| < 2^22, or a code at either end.
template <class V>
HWY_INLINE V RoundedAway(V x) {
  const FloatTag d;
  const V magnitude = hn::Abs(x), whole = hn::Trunc(magnitude);
  const V up = hn::IfThenElseZero(hn::Ge(hn::Sub(magnitude, whole), hn::Set(d, 0.5F)), hn::Set(d, 1));
  return hn::CopySign(hn::Add(whole, up), x);
}

// (q - zp) / s for count values, readable and writable up to whole vectors.
HWY_INLINE void QuantiseRun(const AtenGrid& grid, int64_t count, float* run) {
  const FloatTag d;
  const auto zp = hn::Set(d, grid.zero_point), low = hn::Set(d, -128), high = hn::Set(d, 127);
  for (int64_t i = 0; i < count; i += Lanes()) {
    const auto whole = RoundedAway(hn::Mul(hn::Load(d, run + i), hn::Set(d, grid.scale)));
    const auto code = hn::Min(hn::Max(hn::Add(whole, zp), low), high);
    hn::Store(hn::Mul(hn::Sub(code, zp), hn::Set(d, grid.inverse)), d, run + i);
  }
}

void QuantiseAtenRows(int64_t columns, int64_t first, int64_t last, float* x) {
  HWY_ALIGN float run[kRun];
  for (int64_t m = first; m < last; ++m) {
    float min = x[m * columns], max = min;
    Extend(x + m * columns, columns, min, max);
    const AtenGrid grid = GridOf(min, max);
    for (int64_t k = 0; k < columns; k += kRun) {
      const int64_t count = HWY_MIN(kRun, columns - k);
      Widen(DType::f32, x, m * columns + k, count, run);
      QuantiseRun(grid, count, run);
      std::memcpy(x + m * columns + k, run, static_cast<size_t>(count) * sizeof(float));
    }
  }
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {

HWY_EXPORT(QuantiseAtenRows);

AtenRows aten_rows_of(const Target& target) { return PLUMB_FOR_TARGET(QuantiseAtenRows, target); }

std::vector<float> aten_quantised_rows(const Call& call, AtenRows rows) {
  std::vector<float> x = call.input_as_f32(0);
  const std::int64_t columns = call["K"];
  for_row_chunks(call["M"], columns * static_cast<std::int64_t>(sizeof(float)), call.threads(),
                 [&](std::int64_t first, std::int64_t last) { rows(columns, first, last, x.data()); });
  return x;
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
