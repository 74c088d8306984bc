// sum_k x[m, k] w[n, k] = sum_s scale[n, s] high[m, s] * sum_p 2^(8 p) (sum_k d_p[m, k] code[n, k] - offset sum_k d_p)
// over segments s and digits p. The inner sums are whole numbers, each in a lane of 32 bits; what follows is f32, in
// one order.

#include "impls/cpu/digit_sums.h"

#include <hwy/cache_control.h>

#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/digit_sums.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "impls/cpu/digit_tiles-inl.h"
#include "impls/cpu/int8_codes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {

// Both vectors of outputs of each digit: sum_k d_p (code - offset) of one segment.
template <class Dot, class Codes, int kDigits>
HWY_INLINE void SumSegment(const uint8_t* HWY_RESTRICT codes, const int8_t* HWY_RESTRICT digits, int64_t plane_bytes,
                           int64_t quads, int64_t j, IntPair* HWY_RESTRICT sum) {
  const LaneTag d;
  // With few digits, two sums of each run side by side to hide the latency of one.
  constexpr int kSteps = kDigits <= 4 && HWY_TARGET == HWY_AVX3 ? 2 : 1;
  IntPair own[kSteps][kDigits];
  for (int p = 0; p < kDigits; ++p) {
    own[0][p] = sum[p];
    for (int step = 1; step < kSteps; ++step) own[step][p] = {hn::Zero(d), hn::Zero(d)};
  }
  const auto add = [&](IntPair* s, int64_t q) HWY_ATTR {
    const IntPair code = Codes::Load(codes + q * Codes::kBytes, j);
    HWY_UNROLL(6)
    for (int p = 0; p < kDigits; ++p) {
      int32_t quad;
      memcpy(&quad, digits + p * plane_bytes + 4 * q, sizeof quad);
      const VI x = hn::Set(d, quad);
      s[p] = {Codes::template Sum<Dot>(s[p].low, code.low, x), Codes::template Sum<Dot>(s[p].high, code.high, x)};
    }
  };
  int64_t q = 0;
  for (; q + kSteps <= quads; q += kSteps) {
    hwy::Prefetch(codes + q * Codes::kBytes + 2048);
    HWY_UNROLL(2)
    for (int step = 0; step < kSteps; ++step) add(own[step], q + step);
  }
  for (; q < quads; ++q) add(own[0], q);
  for (int p = 0; p < kDigits; ++p) {
    sum[p] = own[0][p];
    for (int step = 1; step < kSteps; ++step) {
      sum[p] = {hn::Add(sum[p].low, own[step][p].low), hn::Add(sum[p].high, own[step][p].high)};
    }
  }
}

// Where a segment's operands are.
struct SegmentArgs {
  const uint8_t* codes;
  const int8_t* digits;
  const int32_t* digit_sums;
  int64_t plane_bytes, group, j;
  float high, low;
};

template <class Dot, class Codes, int kDigits>
HWY_INLINE void AddSegmentOf(const QuadWeight& w, const SegmentArgs& a, FloatPair& total) {
  IntPair sum[kDigits];
  TakeOffsets<kDigits>(w, a.group, a.digit_sums, sum);
  SumSegment<Dot, Codes, kDigits>(a.codes, a.digits, a.plane_bytes, w.quads, a.j, sum);
  AddSegment<kDigits>(sum, a.high, a.low, w.scale.data() + a.group, total);
}

// Row m with lanes j … of both halves of a block.
template <class Dot, class Codes>
HWY_INLINE void SumRow(const DigitSums& job, int64_t block, int64_t m, int64_t j, float* out) {
  const FloatLanes df;
  const DigitRows& x = *job.x;
  const QuadWeight& w = *job.weight;
  FloatPair total = {hn::Zero(df), hn::Zero(df)};
  for (int64_t s = 0; s < w.segments; ++s) {
    const size_t at = x.at(m, s);
    const SegmentArgs a = {w.codes.data() + (block * w.segments + s) * w.quads * Codes::kBytes,
                           x.digits.data() + x.place(m, s, 0),
                           x.sums.data() + at * static_cast<size_t>(x.planes),
                           x.piece_bytes(),
                           (block * w.groups() + s / w.segments_per_group) * kQuadBlockRows + j,
                           j,
                           x.high[at],
                           x.low[at]};
    WithDigits(x.used[at], [&](auto digits) HWY_ATTR { AddSegmentOf<Dot, Codes, digits>(w, a, total); });
  }
  hn::StoreU(total.low, df, out + j);
  hn::StoreU(total.high, df, out + 16 + j);
}

template <class Dot, class Codes>
void SumBlocksWith(const DigitSums& job, int64_t first_block, int64_t last_block) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(LaneTag()));
  for (int64_t block = first_block; block < last_block; ++block) {
    const int64_t first = block * kQuadBlockRows, count = HWY_MIN(job.weight->rows - first, kQuadBlockRows);
    for (int64_t m = 0; m < job.x->rows; ++m) {
      if (!IsGood(*job.x, m)) continue;
      HWY_ALIGN float out[kQuadBlockRows];
      for (int64_t j = 0; j < 16; j += lanes) SumRow<Dot, Codes>(job, block, m, j, out);
      memcpy(job.sums + m * job.sums_stride + first, out, static_cast<size_t>(count) * sizeof(float));
    }
  }
}

void SumDigitsPlain(const DigitSums& job, int64_t first_block, int64_t last_block) {
  if (job.weight->wide) return SumBlocksWith<PlainDot, ByteCodes>(job, first_block, last_block);
  SumBlocksWith<PlainDot, NibbleCodes>(job, first_block, last_block);
}

void SumDigitsWithInstruction(const DigitSums& job, int64_t first_block, int64_t last_block) {
  if (job.weight->wide) return SumBlocksWith<InstructionDot, ByteCodes>(job, first_block, last_block);
  SumBlocksWith<InstructionDot, NibbleCodes>(job, first_block, last_block);
}

void SumDigitsInTiles(const DigitSums& job, int64_t first_block, int64_t last_block) {
#if HWY_TARGET == HWY_AVX3
  SumTiles(job, first_block, last_block);
#else
  SumDigitsPlain(job, first_block, last_block);
#endif
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {

HWY_EXPORT(SumDigitsPlain);
HWY_EXPORT(SumDigitsWithInstruction);
HWY_EXPORT(SumDigitsInTiles);

SumDigits digit_sums(const Target& target, ByteProducts products) {
  if (products == ByteProducts::tiles) return PLUMB_FOR_TARGET(SumDigitsInTiles, target);
  if (products == ByteProducts::instruction) return PLUMB_FOR_TARGET(SumDigitsWithInstruction, target);
  return PLUMB_FOR_TARGET(SumDigitsPlain, target);
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
