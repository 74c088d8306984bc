// The inner loops of linear layers with an activation of eight bits, for every Highway target. Include it below
// hwy/highway.h, inside no namespace.
#if defined(IMPLS_CPU_INT8_TILES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef IMPLS_CPU_INT8_TILES_INL_H_
#undef IMPLS_CPU_INT8_TILES_INL_H_
#else
#define IMPLS_CPU_INT8_TILES_INL_H_
#endif

#include <cstring>

#include "impls/cpu/aligned_vector.h"
#include "impls/cpu/code_tiles-inl.h"
#include "impls/cpu/int8_args.h"

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
  const int64_t stride = a.x_stride;
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

// total += (sum - offset sum_k q - zp weight_sum) * scale, of row m, group g and lanes j … of both halves of a block.
HWY_INLINE void AddGroup(const Int8Args& a, int64_t block, int64_t g, int64_t j, int64_t m, const IntPair& sum,
                         FloatPair& total) {
  const LaneTag d;
  const FloatLanes df;
  const int64_t at = (block * a.groups + g) * kInt8BlockRows + j;
  const VI zp = hn::Set(d, a.x_zp[m]), x_sum = hn::Set(d, a.x_sums[m * a.groups + g]);
  const VI low = hn::Sub(hn::Sub(sum.low, x_sum), hn::Mul(zp, hn::LoadU(d, a.sums + at)));
  const VI high = hn::Sub(hn::Sub(sum.high, x_sum), hn::Mul(zp, hn::LoadU(d, a.sums + at + 16)));
  total = {hn::MulAdd(hn::ConvertTo(df, low), hn::LoadU(df, a.scales + at), total.low),
           hn::MulAdd(hn::ConvertTo(df, high), hn::LoadU(df, a.scales + at + 16), total.high)};
}

// total * scale + bias -> out + {j, 16 + j}.
HWY_INLINE void FinishTile(const Int8Args& a, int64_t block, int64_t j, int64_t m, const FloatPair& total, float* out) {
  const FloatLanes df;
  const float* bias = a.bias + block * kInt8BlockRows + j;
  const VF scale = hn::Set(df, a.x_scale[m]);
  hn::StoreU(hn::MulAdd(total.low, scale, hn::LoadU(df, bias)), df, out + j);
  hn::StoreU(hn::MulAdd(total.high, scale, hn::LoadU(df, bias + 16)), df, out + 16 + j);
}

// y[m .. m + kRows, lanes j … of both halves of a block] -> out + {j, 16 + j} of each row.
template <class Dot, class Codes, int kRows, int kSteps>
HWY_INLINE void Int8Tile(const Int8Args& a, int64_t block, int64_t j, int64_t m, float* out) {
  const FloatLanes df;
  FloatPair total[kRows];
  for (FloatPair& t : total) t = {hn::Zero(df), hn::Zero(df)};
  for (int64_t g = 0; g < a.groups; ++g) {
    IntPair sum[kRows];
    SumGroup<Dot, Codes, kRows, kSteps>(a, a.codes + (block * a.groups + g) * a.quads * Codes::kBytes, j,
                                        a.x + m * a.x_stride + g * a.quads, sum);
    for (int r = 0; r < kRows; ++r) AddGroup(a, block, g, j, m + r, sum[r], total[r]);
  }
  for (int r = 0; r < kRows; ++r) FinishTile(a, block, j, m + r, total[r], out + r * kInt8BlockRows);
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

#if HWY_TARGET == HWY_AVX3
constexpr int64_t kInt8RowsTogether = 128;  // whose activations stay in the second cache

// Rows [first_m, first_m + rows), at most kInt8RowsTogether, of one block.
template <class Codes>
HWY_INLINE void Int8BlockInTiles(const Int8Args& a, int64_t block, int64_t first_m, int64_t rows, uint8_t* low,
                                 uint8_t* high) {
  const LaneTag d;
  const FloatLanes df;
  HWY_ALIGN TileSums sums[2];
  FloatPair totals[kInt8RowsTogether];
  for (FloatPair& total : totals) total = {hn::Zero(df), hn::Zero(df)};
  const int64_t pieces = (a.quads + kTile - 1) / kTile;
  for (int64_t g = 0; g < a.groups; ++g) {
    UnpackSegment<Codes>(a.codes + (block * a.groups + g) * a.quads * Codes::kBytes, a.quads, pieces, low, high);
    for (int64_t m = 0; m < rows; m += 2 * kTile) {
      const auto* x = reinterpret_cast<const int8_t*>(a.x + (first_m + m) * a.x_stride + g * a.quads);
      amx_sum({{x, x + 4 * kTile * a.x_stride}, 4 * a.x_stride, 64}, low, high, pieces, {sums[0][0], sums[1][0]});
      for (int64_t r = 0; r < HWY_MIN(rows - m, 2 * kTile); ++r) {
        const int32_t* own = sums[r / kTile][0] + r % kTile * kTile;
        const IntPair sum = {hn::Load(d, own), hn::Load(d, own + kTile * kTile)};
        AddGroup(a, block, g, 0, first_m + m + r, sum, totals[m + r]);
      }
    }
  }
  const int64_t first = block * kInt8BlockRows, count = HWY_MIN(a.outputs - first, kInt8BlockRows);
  for (int64_t m = 0; m < rows; ++m) {
    HWY_ALIGN float out[kInt8BlockRows];
    FinishTile(a, block, 0, first_m + m, totals[m], out);
    memcpy(a.y + (first_m + m) * a.outputs + first, out, static_cast<size_t>(count) * sizeof(float));
  }
}

template <class Codes>
HWY_INLINE void BlocksInTiles(const Int8Args& a, int64_t first_block, int64_t last_block) {
  const auto bytes = static_cast<size_t>((a.quads + kTile - 1) / kTile * kTileBytes);
  AlignedVector<uint8_t> low(bytes), high(bytes);
  const AmxTiles configured;
  for (int64_t m = 0; m < a.rows; m += kInt8RowsTogether) {
    for (int64_t block = first_block; block < last_block; ++block) {
      Int8BlockInTiles<Codes>(a, block, m, HWY_MIN(a.rows - m, kInt8RowsTogether), low.data(), high.data());
    }
  }
}
#endif

template <class Codes>
HWY_INLINE void AllTilesOf(const Int8Args& a, int64_t first_block, int64_t last_block) {
#if HWY_TARGET == HWY_AVX3
  if (a.products == ByteProducts::tiles && a.x_float == nullptr) {
    return BlocksInTiles<Codes>(a, first_block, last_block);
  }
#endif
  if (a.products == ByteProducts::plain) return BlocksWith<PlainDot, Codes>(a, first_block, last_block);
  BlocksWith<InstructionDot, Codes>(a, first_block, last_block);
}

// Blocks [first_block, last_block) of all rows.
HWY_INLINE void AllTiles(const Int8Args& a, int64_t first_block, int64_t last_block) {
  if (a.wide) return AllTilesOf<ByteCodes>(a, first_block, last_block);
  AllTilesOf<NibbleCodes>(a, first_block, last_block);
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
