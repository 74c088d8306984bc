#include "impls/cpu/digit_rows.h"

#include <cmath>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/digit_rows.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, 16>;
using DI = hn::RebindToSigned<D>;
using D8 = hn::Rebind<int8_t, D>;
using V = hn::Vec<D>;

HWY_INLINE int64_t Lanes() { return static_cast<int64_t>(hn::Lanes(D())); }

constexpr int64_t kRun = 16;         // numbers that are worked on together: whole vectors of every target
constexpr float kLargest = 8355711;  // 127 * (1 + 2^8 + 2^16), the largest number of three digits
constexpr float kFar = 0x1p60F, kNear = 0x1p-60F;

// `count` <= 16 numbers, and zeros up to 16.
HWY_INLINE const float* Run(const float* x, int64_t count, float* padded) {
  if (count >= kRun) return x;
  std::memset(padded, 0, kRun * sizeof(float));
  std::memcpy(padded, x, static_cast<size_t>(count) * sizeof(float));
  return padded;
}

// The largest magnitude; NaN or infinity if there is one. All magnitudes that are numbers are below the sum with one.
float Largest(const float* x, int64_t count) {
  const D d;
  HWY_ALIGN float padded[kRun];
  auto largest = hn::Zero(d), zero = hn::Zero(d);
  for (int64_t k = 0; k < count; k += kRun) {
    const float* run = Run(x + k, count - k, padded);
    for (int64_t i = 0; i < kRun; i += Lanes()) {
      const V value = hn::LoadU(d, run + i);
      largest = hn::Max(largest, hn::Abs(value));
      zero = hn::Add(zero, hn::Mul(value, hn::Zero(d)));
    }
  }
  return hn::GetLane(hn::MaxOfLanes(d, largest)) + hn::GetLane(hn::SumOfLanes(d, zero));
}

// What x * scale leaves beyond a whole number, and that.
struct Parts {
  V scaled, whole, rest;
};
HWY_INLINE Parts PartsOf(V x, V scale) {
  const V scaled = hn::Mul(x, scale), whole = hn::Round(scaled);
  return {scaled, whole, hn::Sub(scaled, whole)};
}

// Scale of the rest of n digits: it is at most half, so that its multiple has n digits.
HWY_INLINE float LowerScale(int64_t digits) {
  return digits == 0 ? 0 : std::ldexp(1.0F, static_cast<int>(8 * digits) - 1);
}

// Whether `digits` of the rest leave no number off by more than `tolerance` of itself. Every step is exact, unless
// numbers are lost below the normal range: those that are not zero at last are not close.
bool IsClose(const float* x, int64_t count, float scale, int64_t digits, float tolerance) {
  const D d;
  HWY_ALIGN float padded[kRun];
  const float lower = digits == 0 ? 1 : LowerScale(digits);
  const V all_scale = hn::Set(d, scale), all_lower = hn::Set(d, lower), most = hn::Set(d, tolerance * lower);
  for (int64_t k = 0; k < count; k += kRun) {
    const float* run = Run(x + k, count - k, padded);
    for (int64_t i = 0; i < kRun; i += Lanes()) {
      const Parts parts = PartsOf(hn::LoadU(d, run + i), all_scale);
      const V rest = hn::Mul(parts.rest, all_lower);
      const V left = digits == 0 ? rest : hn::Sub(rest, hn::Round(rest));
      if (!hn::AllTrue(d, hn::Le(hn::Abs(left), hn::Mul(hn::Abs(parts.scaled), most)))) return false;
    }
  }
  return true;
}

// Whether a number becomes zero times `scale`: IsClose would take it for one.
bool Vanishes(const float* x, int64_t count, float scale) {
  for (int64_t k = 0; k < count && scale < 1; ++k) {
    if (x[k] != 0 && x[k] * scale == 0) return true;
  }
  return false;
}

// Digits of whole numbers that have `count` of them, lowest first: with 128 added to each, they are bytes.
HWY_INLINE void StoreDigits(hn::Vec<DI> whole, int64_t count, int64_t lane, int8_t (*bytes)[kRun], hn::Vec<DI>* sums) {
  const DI di;
  auto rest = hn::Add(whole, hn::Set(di, 0x808080 & ((1 << (8 * count)) - 1)));
  for (int64_t p = 0; p < count; ++p) {
    const auto digit = hn::Sub(hn::And(rest, hn::Set(di, 255)), hn::Set(di, 128));
    hn::StoreU(hn::DemoteTo(D8(), digit), D8(), bytes[p] + lane);
    sums[p] = hn::Add(sums[p], digit);
    rest = hn::ShiftRight<8>(rest);
  }
}

// Copies 16 digits of each plane from column k on.
HWY_INLINE void Place(const DigitRows& rows, int64_t m, int64_t s, int64_t k, const int8_t (*bytes)[kRun],
                      int64_t planes, int8_t* digits) {
  const int64_t piece = rows.piece_bytes(), in_piece = k % piece;
  const int64_t count = HWY_MIN(kRun, piece - in_piece);
  for (int64_t p = 0; p < planes; ++p) {
    int8_t* to = digits + rows.place(m, s, p) + k / piece * rows.interleave * piece + in_piece;
    std::memcpy(to, bytes[p], static_cast<size_t>(count));
  }
}

void StoreSegment(const float* x, int64_t m, int64_t s, float scale, int64_t used, DigitRows& rows) {
  const D d;
  const DI di;
  HWY_ALIGN float padded[kRun];
  HWY_ALIGN int8_t bytes[kMostDigits][kRun];
  const int64_t lower = used - kUpperDigits;
  const V all_scale = hn::Set(d, scale), all_lower = hn::Set(d, LowerScale(lower));
  hn::Vec<DI> sums[kMostDigits];
  for (auto& sum : sums) sum = hn::Zero(di);
  for (int64_t k = 0; k < rows.segment; k += kRun) {
    const float* run = Run(x + k, rows.segment - k, padded);
    for (int64_t i = 0; i < kRun; i += Lanes()) {
      const Parts parts = PartsOf(hn::LoadU(d, run + i), all_scale);
      StoreDigits(hn::ConvertTo(di, parts.whole), kUpperDigits, i, bytes, sums);
      const auto rest = hn::ConvertTo(di, hn::Round(hn::Mul(parts.rest, all_lower)));
      StoreDigits(rest, lower, i, bytes + kUpperDigits, sums + kUpperDigits);
    }
    Place(rows, m, s, k, bytes, used, rows.digits.data());
  }
  for (int64_t p = 0; p < used; ++p) {
    rows.sums[rows.at(m, s) * static_cast<size_t>(rows.planes) + static_cast<size_t>(p)] =
        hn::GetLane(hn::SumOfLanes(di, sums[p]));
  }
}

bool SplitSegment(const float* x, int64_t m, int64_t s, float tolerance, DigitRows& rows) {
  const float largest = Largest(x, rows.segment);
  const bool is_zero = largest == 0;
  if (!is_zero && !(largest >= kNear && largest <= kFar)) return false;
  float scale = is_zero ? 1 : std::ldexp(1.0F, 22 - std::ilogb(largest));
  if (largest * scale > kLargest) scale /= 2;
  if (Vanishes(x, rows.segment, scale)) return false;
  int64_t used = kUpperDigits;
  while (!IsClose(x, rows.segment, scale, used - kUpperDigits, tolerance)) {
    if (++used > kMostDigits) return false;
  }
  rows.high[rows.at(m, s)] = 1 / scale;
  rows.low[rows.at(m, s)] = used == kUpperDigits ? 0 : 1 / LowerScale(used - kUpperDigits);
  rows.used[rows.at(m, s)] = static_cast<uint8_t>(used);
  StoreSegment(x, m, s, scale, used, rows);
  return true;
}

void SplitRow(const float* x, int64_t m, float tolerance, DigitRows& rows) {
  bool is_good = true;
  for (int64_t s = 0; s < rows.segments && is_good; ++s) {
    is_good = SplitSegment(x + s * rows.segment, m, s, tolerance, rows);
  }
  rows.is_good[static_cast<size_t>(m)] = is_good ? 1 : 0;
}

void QuantiseSegment(const float* x, int64_t m, int64_t s, float scale, DigitRows& rows) {
  const D d;
  const DI di;
  HWY_ALIGN float padded[kRun];
  HWY_ALIGN int8_t bytes[1][kRun];
  auto sum = hn::Zero(di);
  for (int64_t k = 0; k < rows.segment; k += kRun) {
    const float* run = Run(x + k, rows.segment - k, padded);
    for (int64_t i = 0; i < kRun; i += Lanes()) {
      const V quotient = hn::Div(hn::LoadU(d, run + i), hn::Set(d, scale));
      const auto code = hn::ConvertTo(di, scale == 0 ? hn::Zero(d) : hn::Round(quotient));
      hn::StoreU(hn::DemoteTo(D8(), code), D8(), bytes[0] + i);
      sum = hn::Add(sum, code);
    }
    Place(rows, m, s, k, bytes, 1, rows.digits.data());
  }
  rows.high[rows.at(m, s)] = scale;
  rows.used[rows.at(m, s)] = 1;
  rows.sums[rows.at(m, s)] = hn::GetLane(hn::SumOfLanes(di, sum));
}

void QuantiseRowToDigits(const float* x, int64_t m, int64_t together, DigitRows& rows) {
  for (int64_t first = 0; first < rows.segments * rows.segment; first += together) {
    const float largest = Largest(x + first, together);
    // The quotient by a scale that has lost bits below the normal range may be no code of a byte.
    if (largest != 0 && !(largest >= kNear && largest <= hwy::HighestValue<float>())) {
      rows.is_good[static_cast<size_t>(m)] = 0;
      return;
    }
    for (int64_t k = first; k < first + together; k += rows.segment) {
      QuantiseSegment(x + k, m, k / rows.segment, largest / 127, rows);
    }
  }
  rows.is_good[static_cast<size_t>(m)] = 1;
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {

HWY_EXPORT(SplitRow);
HWY_EXPORT(QuantiseRowToDigits);

DigitFunctions digit_functions(const Target& target) {
  return {PLUMB_FOR_TARGET(SplitRow, target), PLUMB_FOR_TARGET(QuantiseRowToDigits, target)};
}

DigitRows::DigitRows(std::int64_t rows_, std::int64_t segments_, std::int64_t segment_, std::int64_t planes_,
                     std::int64_t interleave_)
    : rows(rows_), segments(segments_), segment(segment_), planes(planes_), interleave(interleave_) {
  const std::int64_t whole_rows = (rows + interleave - 1) / interleave * interleave;
  digits.resize(static_cast<std::size_t>(place(whole_rows, 0, 0)));
  const auto count = static_cast<std::size_t>(rows * segments);
  high.resize(count);
  low.resize(count);
  sums.resize(count * static_cast<std::size_t>(planes));
  used.resize(count);
  is_good.resize(static_cast<std::size_t>(rows));
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
