// What follows the sums of digits, and those sums in AMX's tiles. For every Highway target; include it below
// hwy/highway.h, inside no namespace.
#if defined(IMPLS_CPU_DIGIT_TILES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef IMPLS_CPU_DIGIT_TILES_INL_H_
#undef IMPLS_CPU_DIGIT_TILES_INL_H_
#else
#define IMPLS_CPU_DIGIT_TILES_INL_H_
#endif

#include <cstring>
#include <type_traits>

#include "impls/cpu/code_tiles-inl.h"
#include "impls/cpu/digit_sums.h"

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {

HWY_INLINE bool IsGood(const DigitRows& x, int64_t m) { return x.is_good[static_cast<size_t>(m)] != 0; }

// Calls body with a segment's number of digits as a constant.
template <class Body>
HWY_INLINE void WithDigits(int digits, const Body& body) {
  switch (digits) {
    case 1:
      return body(std::integral_constant<int, 1>());
    case 3:
      return body(std::integral_constant<int, 3>());
    case 4:
      return body(std::integral_constant<int, 4>());
    case 5:
      return body(std::integral_constant<int, 5>());
    default:
      return body(std::integral_constant<int, 6>());
  }
}

// sum[p] = -offset * digit_sums[p]. `group` is where the outputs' offsets and scales begin.
template <int kDigits>
HWY_INLINE void TakeOffsets(const QuadWeight& w, int64_t group, const int32_t* digit_sums, IntPair* sum) {
  const LaneTag d;
  for (int p = 0; p < kDigits; ++p) {
    if (w.offset.empty()) {
      const VI taken = hn::Set(d, -w.common_offset * digit_sums[p]);
      sum[p] = {taken, taken};
    } else {
      const int32_t* offset = w.offset.data() + group;
      const VI factor = hn::Set(d, -digit_sums[p]);
      sum[p] = {hn::Mul(factor, hn::LoadU(d, offset)), hn::Mul(factor, hn::LoadU(d, offset + 16))};
    }
  }
}

// The number whose digits' sums these are, without its scale: lowest digits first.
template <int kDigits, bool kHigh>
HWY_INLINE VF Number(const IntPair* sum, float low) {
  const FloatLanes df;
  const auto digit = [&](int p) HWY_ATTR { return hn::ConvertTo(df, kHigh ? sum[p].high : sum[p].low); };
  const VF two_8 = hn::Set(df, 0x1p8F), two_16 = hn::Set(df, 0x1p16F);
  VF number = digit(0);
  if constexpr (kDigits == 1) return number;
  if constexpr (kDigits > kUpperDigits) {
    VF rest = digit(3);
    if constexpr (kDigits > 4) rest = hn::MulAdd(digit(4), two_8, rest);
    if constexpr (kDigits > 5) rest = hn::MulAdd(digit(5), two_16, rest);
    number = hn::MulAdd(rest, hn::Set(df, low), number);
  }
  return hn::MulAdd(digit(2), two_16, hn::MulAdd(digit(1), two_8, number));
}

// total += number * high * scale. Multiplying by `high` is exact where it is a power of two.
template <int kDigits>
HWY_INLINE void AddSegment(const IntPair* sum, float high, float low, const float* scale, FloatPair& total) {
  const FloatLanes df;
  const VF factor = hn::Set(df, high);
  total.low = hn::MulAdd(hn::Mul(Number<kDigits, false>(sum, low), factor), hn::LoadU(df, scale), total.low);
  total.high = hn::MulAdd(hn::Mul(Number<kDigits, true>(sum, low), factor), hn::LoadU(df, scale + 16), total.high);
}

#if HWY_TARGET == HWY_AVX3
// Row m, which is row r of its tiles, with one segment.
template <int kDigits>
HWY_INLINE void AddTileRow(const DigitSums& job, int64_t group, int64_t s, int64_t m, const TileSums* sums,
                           FloatPair& total) {
  const LaneTag d;
  const DigitRows& x = *job.x;
  const size_t at = x.at(m, s);
  const int64_t r = m % kTile;
  IntPair sum[kDigits];
  TakeOffsets<kDigits>(*job.weight, group, x.sums.data() + at * static_cast<size_t>(x.planes), sum);
  for (int p = 0; p < kDigits; ++p) {
    sum[p] = {hn::Add(sum[p].low, hn::Load(d, sums[p][0] + r * kTile)),
              hn::Add(sum[p].high, hn::Load(d, sums[p][1] + r * kTile))};
  }
  AddSegment<kDigits>(sum, x.high[at], x.low[at], job.weight->scale.data() + group, total);
}

// How many digits a segment of a row has; 0 if the row is not good.
HWY_INLINE int DigitsOf(const DigitRows& x, int64_t m, int64_t s) { return IsGood(x, m) ? x.used[x.at(m, s)] : 0; }

// Sums of `rows` <= 32 rows with one segment, a tile of each half of the block for each digit, added to their totals.
HWY_INLINE void AddTiles(const DigitSums& job, int64_t block, int64_t s, int64_t m, int64_t rows, const uint8_t* low,
                         const uint8_t* high, FloatPair* totals) {
  const DigitRows& x = *job.x;
  const QuadWeight& w = *job.weight;
  HWY_ALIGN TileSums sums[2][kMostDigits];
  HWY_ALIGN TileSums unused;
  const int8_t* digits[2 * kMostDigits + 1];
  int32_t* to[2 * kMostDigits + 1];
  int count = 0;
  for (int64_t tile = 0; tile * kTile < rows; ++tile) {
    const int64_t first = m + tile * kTile;
    int used = 0;
    for (int64_t row = first; row < HWY_MIN(first + kTile, x.rows); ++row) used = HWY_MAX(used, DigitsOf(x, row, s));
    for (int p = 0; p < used; ++p, ++count) {
      digits[count] = x.digits.data() + x.place(first, s, p);
      to[count] = sums[tile][p][0];
    }
  }
  digits[count] = count > 0 ? digits[count - 1] : nullptr;  // where they are odd, one is summed up twice
  to[count] = unused[0];
  for (int i = 0; i < count; i += 2)
    amx_sum({{digits[i], digits[i + 1]}, 64, kTileBytes}, low, high, x.pieces(), {to[i], to[i + 1]});
  const int64_t group = (block * w.groups() + s / w.segments_per_group) * kQuadBlockRows;
  // Most rows have as many digits as their neighbours.
  for (int64_t r = 0, end = 0; r < rows; r = end) {
    const int own = DigitsOf(x, m + r, s);
    for (end = r + 1; end < rows && DigitsOf(x, m + end, s) == own;) ++end;
    if (own == 0) continue;
    WithDigits(own, [&](auto used) HWY_ATTR {
      for (int64_t i = r; i < end; ++i) AddTileRow<used>(job, group, s, m + i, sums[i / kTile], totals[i]);
    });
  }
}

template <class Codes>
HWY_INLINE void SumBlockInTiles(const DigitSums& job, int64_t block, int64_t first_m, int64_t rows, uint8_t* low,
                                uint8_t* high) {
  const FloatLanes df;
  const QuadWeight& w = *job.weight;
  FloatPair totals[kTileRowsTogether];
  for (FloatPair& total : totals) total = {hn::Zero(df), hn::Zero(df)};
  for (int64_t s = 0; s < w.segments; ++s) {
    UnpackSegment<Codes>(w.codes.data() + (block * w.segments + s) * w.quads * Codes::kBytes, w.quads, job.x->pieces(),
                         low, high);
    for (int64_t m = 0; m < rows; m += 2 * kTile) {
      AddTiles(job, block, s, first_m + m, HWY_MIN(rows - m, 2 * kTile), low, high, totals + m);
    }
  }
  const int64_t first = block * kQuadBlockRows, count = HWY_MIN(w.rows - first, kQuadBlockRows);
  for (int64_t m = 0; m < rows; ++m) {
    if (!IsGood(*job.x, first_m + m)) continue;
    HWY_ALIGN float out[kQuadBlockRows];
    hn::Store(totals[m].low, df, out);
    hn::Store(totals[m].high, df, out + 16);
    memcpy(job.sums + (first_m + m) * job.sums_stride + first, out, static_cast<size_t>(count) * sizeof(float));
  }
}

HWY_INLINE void SumTiles(const DigitSums& job, int64_t first_block, int64_t last_block) {
  const auto bytes = static_cast<size_t>(job.x->pieces() * kTileBytes);
  AlignedVector<uint8_t> low(bytes), high(bytes);
  const AmxTiles configured;
  for (int64_t m = 0; m < job.x->rows; m += kTileRowsTogether) {
    const int64_t rows = HWY_MIN(job.x->rows - m, kTileRowsTogether);
    for (int64_t block = first_block; block < last_block; ++block) {
      if (job.weight->wide) {
        SumBlockInTiles<ByteCodes>(job, block, m, rows, low.data(), high.data());
      } else {
        SumBlockInTiles<NibbleCodes>(job, block, m, rows, low.data(), high.data());
      }
    }
  }
}
#endif

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
