// The inner loops of linear layers with an activation of eight bits, for every Highway target. Include it below
// hwy/highway.h, inside no namespace.
#if defined(IMPLS_CPU_INT8_TILES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef IMPLS_CPU_INT8_TILES_INL_H_
#undef IMPLS_CPU_INT8_TILES_INL_H_
#else
#define IMPLS_CPU_INT8_TILES_INL_H_
#endif

#include <cstring>

#include "impls/cpu/int8_args.h"
#include "impls/cpu/int8_codes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {

// sum_k q u over one group for kRows rows; `quad` and x are at the group's first quad. Sums are exact, so that kSteps
// of them run side by side where there are too few rows to hide the latency of one.
template <class Dot, class Codes, int kRows, int kSteps>
HWY_INLINE void SumGroup(const Int8Args& a, const uint8_t* quad, int64_t j, const int32_t* x,
                         IntPair* HWY_RESTRICT out) {
  const LaneTag d;
  IntPair sum[kSteps][kRows];
  for (auto& step : sum) {
    for (IntPair& s : step) s = {hn::Zero(d), hn::Zero(d)};
  }
  const int64_t stride = a.groups * a.quads;
  const auto add = [&](IntPair* s, int64_t q) HWY_ATTR {
    const IntPair codes = Codes::Load(quad + q * Codes::kBytes, j);
    for (int r = 0; r < kRows; ++r) {
      const VI x4 = hn::Set(d, x[r * stride + q]);
      s[r] = {Codes::template Sum<Dot>(s[r].low, codes.low, x4), Codes::template Sum<Dot>(s[r].high, codes.high, x4)};
    }
  };
  int64_t q = 0;
  for (; q + kSteps <= a.quads; q += kSteps) {
    for (int step = 0; step < kSteps; ++step) add(sum[step], q + step);
  }
  for (; q < a.quads; ++q) add(sum[0], q);
  for (int r = 0; r < kRows; ++r) {
    out[r] = sum[0][r];
    for (int step = 1; step < kSteps; ++step) {
      out[r] = {hn::Add(out[r].low, sum[step][r].low), hn::Add(out[r].high, sum[step][r].high)};
    }
  }
}

// y[m .. m + kRows, lanes j … of both halves of a block] -> out + {j, 16 + j} of each row.
template <class Dot, class Codes, int kRows, int kSteps>
HWY_INLINE void Int8Tile(const Int8Args& a, int64_t block, int64_t j, int64_t m, float* out) {
  const LaneTag d;
  const FloatLanes df;
  FloatPair total[kRows];
  for (FloatPair& t : total) t = {hn::Zero(df), hn::Zero(df)};
  for (int64_t g = 0; g < a.groups; ++g) {
    const int64_t at = block * a.groups + g;
    IntPair sum[kRows];
    SumGroup<Dot, Codes, kRows, kSteps>(a, a.codes + at * a.quads * Codes::kBytes, j,
                                        a.x + (m * a.groups + g) * a.quads, sum);
    const int32_t* sums = a.sums + at * kInt8BlockRows + j;
    const float* scales = a.scales + at * kInt8BlockRows + j;
    const IntPair weight_sum = {hn::LoadU(d, sums), hn::LoadU(d, sums + 16)};
    const FloatPair scale = {hn::LoadU(df, scales), hn::LoadU(df, scales + 16)};
    for (int r = 0; r < kRows; ++r) {
      const VI zp = hn::Set(d, a.x_zp[m + r]), x_sum = hn::Set(d, a.x_sums[(m + r) * a.groups + g]);
      const VI low = hn::Sub(hn::Sub(sum[r].low, x_sum), hn::Mul(zp, weight_sum.low));
      const VI high = hn::Sub(hn::Sub(sum[r].high, x_sum), hn::Mul(zp, weight_sum.high));
      total[r] = {hn::MulAdd(hn::ConvertTo(df, low), scale.low, total[r].low),
                  hn::MulAdd(hn::ConvertTo(df, high), scale.high, total[r].high)};
    }
  }
  const float* bias = a.bias + block * kInt8BlockRows + j;
  for (int r = 0; r < kRows; ++r, out += kInt8BlockRows) {
    const VF scale = hn::Set(df, a.x_scale[m + r]);
    hn::StoreU(hn::MulAdd(total[r].low, scale, hn::LoadU(df, bias)), df, out + j);
    hn::StoreU(hn::MulAdd(total[r].high, scale, hn::LoadU(df, bias + 16)), df, out + 16 + j);
  }
}

// Adds x * code of byte kByte of a quad.
template <class Codes, int kByte, int kRows>
HWY_INLINE void AddFloatProducts(const IntPair& quad, const float* x, int64_t stride, FloatPair* HWY_RESTRICT sum) {
  const LaneTag d;
  const FloatLanes df;
  const VI mask = hn::Set(d, 255), offset = hn::Set(d, Codes::kOffset);
  const VF low = hn::ConvertTo(df, hn::Sub(hn::And(hn::ShiftRight<8 * kByte>(quad.low), mask), offset));
  const VF high = hn::ConvertTo(df, hn::Sub(hn::And(hn::ShiftRight<8 * kByte>(quad.high), mask), offset));
  for (int r = 0; r < kRows; ++r) {
    const VF one = hn::Set(df, x[r * stride + kByte]);
    sum[r] = {hn::MulAdd(one, low, sum[r].low), hn::MulAdd(one, high, sum[r].high)};
  }
}

// The same as Int8Tile for an activation that is multiplied as it is.
template <class Codes, int kRows>
HWY_INLINE void FloatTile(const Int8Args& a, int64_t block, int64_t j, int64_t m, float* out) {
  const FloatLanes df;
  FloatPair total[kRows];
  for (FloatPair& t : total) t = {hn::Zero(df), hn::Zero(df)};
  const int64_t stride = a.groups * a.quads * 4;
  for (int64_t g = 0; g < a.groups; ++g) {
    const int64_t at = block * a.groups + g;
    FloatPair sum[kRows];
    for (FloatPair& s : sum) s = {hn::Zero(df), hn::Zero(df)};
    for (int64_t q = 0; q < a.quads; ++q) {
      const IntPair quad = Codes::Load(a.codes + (at * a.quads + q) * Codes::kBytes, j);
      const float* x = a.x_float + m * stride + (g * a.quads + q) * 4;
      AddFloatProducts<Codes, 0, kRows>(quad, x, stride, sum);
      AddFloatProducts<Codes, 1, kRows>(quad, x, stride, sum);
      AddFloatProducts<Codes, 2, kRows>(quad, x, stride, sum);
      AddFloatProducts<Codes, 3, kRows>(quad, x, stride, sum);
    }
    const float* scales = a.scales + at * kInt8BlockRows + j;
    const FloatPair scale = {hn::LoadU(df, scales), hn::LoadU(df, scales + 16)};
    for (int r = 0; r < kRows; ++r) {
      total[r] = {hn::MulAdd(sum[r].low, scale.low, total[r].low), hn::MulAdd(sum[r].high, scale.high, total[r].high)};
    }
  }
  const float* bias = a.bias + block * kInt8BlockRows + j;
  for (int r = 0; r < kRows; ++r, out += kInt8BlockRows) {
    hn::StoreU(hn::Add(total[r].low, hn::LoadU(df, bias)), df, out + j);
    hn::StoreU(hn::Add(total[r].high, hn::LoadU(df, bias + 16)), df, out + 16 + j);
  }
}

// As many rows at once as the target has registers for.
constexpr int kTileRows = HWY_TARGET == HWY_AVX3 ? 8 : 4;

template <class Dot, class Codes, int kRows>
HWY_INLINE void TileOfRows(const Int8Args& a, int64_t block, int64_t m) {
  float out[kRows * kInt8BlockRows];
  const auto lanes = static_cast<int64_t>(hn::Lanes(LaneTag()));
  for (int64_t j = 0; j < 16; j += lanes) {
    if (a.x_float != nullptr) {
      FloatTile<Codes, kRows>(a, block, j, m, out);
    } else {
      Int8Tile<Dot, Codes, kRows, kRows == 1 ? 4 : 1>(a, block, j, m, out);
    }
  }
  const int64_t first = block * kInt8BlockRows;
  const int64_t count = a.outputs - first < kInt8BlockRows ? a.outputs - first : kInt8BlockRows;
  for (int r = 0; r < kRows; ++r) {
    memcpy(a.y + (m + r) * a.outputs + first, out + r * kInt8BlockRows, static_cast<size_t>(count) * sizeof(float));
  }
}

template <class Dot, class Codes>
HWY_INLINE void BlocksWith(const Int8Args& a, int64_t first_block, int64_t last_block) {
  for (int64_t block = first_block; block < last_block; ++block) {
    int64_t m = 0;
    for (; m + kTileRows <= a.rows; m += kTileRows) TileOfRows<Dot, Codes, kTileRows>(a, block, m);
    for (; m + 2 <= a.rows; m += 2) TileOfRows<Dot, Codes, 2>(a, block, m);
    for (; m < a.rows; ++m) TileOfRows<Dot, Codes, 1>(a, block, m);
  }
}

// Blocks [first_block, last_block) of all rows.
HWY_INLINE void AllTiles(const Int8Args& a, int64_t first_block, int64_t last_block) {
  if (a.wide) {
    if (a.instruction) return BlocksWith<InstructionDot, ByteCodes>(a, first_block, last_block);
    return BlocksWith<PlainDot, ByteCodes>(a, first_block, last_block);
  }
  if (a.instruction) return BlocksWith<InstructionDot, NibbleCodes>(a, first_block, last_block);
  BlocksWith<PlainDot, NibbleCodes>(a, first_block, last_block);
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
