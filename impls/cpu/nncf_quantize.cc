// nncf_quantize: the limits of each group give its scale and zero point, and these its codes.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "impls/cpu/kernels.h"
#include "impls/cpu/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "impls/cpu/nncf_quantize.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "impls/cpu/round-inl.h"

#ifndef IMPLS_CPU_NNCF_QUANTIZE_ONCE_
#define IMPLS_CPU_NNCF_QUANTIZE_ONCE_
namespace plumb::cpu {

// A call: `blocks` of `group` rows of `inner` weights each; weight j of all rows of a block forms a group.
struct NncfQuantization {
  const void* weight;
  DType dtype;
  std::int64_t blocks, group, inner;
  int bits;
  bool asymmetric;
  std::uint8_t* codes;  // two's complement if symmetric
  float* scales;
  std::int32_t* zero_points;  // none if symmetric
  float* dequantized;
};

// The smallest and the largest weight of a group; NaN if one is NaN.
struct NncfLimits {
  float low, high;
};

}  // namespace plumb::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace plumb::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using D1 = hn::CappedTag<float, 1>;

// Applies body(d, i) to i = 0, lanes, …, and one by one to what is left.
template <class Body>
HWY_INLINE void ForLanes(int64_t count, const Body& body) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(D()));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) body(D(), i);
  for (; i < count; ++i) body(D1(), i);
}

// Min and Max of Highway lose NaN on some targets, and so does its Ne.
template <class DD, class V = hn::Vec<DD>>
HWY_INLINE V MinOrNan(DD /*d*/, V a, V b) {
  return hn::IfThenElse(hn::And(hn::Eq(b, b), hn::Not(hn::Lt(b, a))), a, b);
}
template <class DD, class V = hn::Vec<DD>>
HWY_INLINE V MaxOrNan(DD /*d*/, V a, V b) {
  return hn::IfThenElse(hn::And(hn::Eq(b, b), hn::Not(hn::Gt(b, a))), a, b);
}

// Of `count` neighbours.
template <class Element>
HWY_INLINE NncfLimits LimitsOfRow(const typename Element::Stored* weight, int64_t count) {
  const D d;
  const D1 d1;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto infinity = hn::Inf(d);
  auto low = infinity, high = hn::Neg(infinity);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto w = LoadAsF32(Element(), d, weight + i);
    low = MinOrNan(d, low, w);
    high = MaxOrNan(d, high, w);
  }
  HWY_ALIGN float lows[hn::MaxLanes(D())], highs[hn::MaxLanes(D())];
  hn::Store(low, d, lows);
  hn::Store(high, d, highs);
  auto one_low = hn::LoadU(d1, lows), one_high = hn::LoadU(d1, highs);
  for (int64_t lane = 1; lane < lanes; ++lane) {
    one_low = MinOrNan(d1, one_low, hn::LoadU(d1, lows + lane));
    one_high = MaxOrNan(d1, one_high, hn::LoadU(d1, highs + lane));
  }
  for (; i < count; ++i) {
    const auto w = LoadAsF32(Element(), d1, weight + i);
    one_low = MinOrNan(d1, one_low, w);
    one_high = MaxOrNan(d1, one_high, w);
  }
  return {hn::GetLane(one_low), hn::GetLane(one_high)};
}

// Of each of `inner` columns of a block.
template <class Element>
HWY_INLINE void LimitsOfColumns(const typename Element::Stored* weight, int64_t group, int64_t inner, float* lows,
                                float* highs) {
  ForLanes(inner, [&](auto d, int64_t i) HWY_ATTR {
    auto low = hn::Inf(d), high = hn::Neg(low);
    for (int64_t k = 0; k < group; ++k) {
      const auto w = LoadAsF32(Element(), d, weight + k * inner + i);
      low = MinOrNan(d, low, w);
      high = MaxOrNan(d, high, w);
    }
    hn::StoreU(low, d, lows + i);
    hn::StoreU(high, d, highs + i);
  });
}

// code = clip(round(f32(w / s) + z)); dequantized = (code - z) * s. Adding +0 for z = 0 changes no code.
template <class Element, class DD, class V = hn::Vec<DD>>
HWY_INLINE void QuantizeLanes(DD d, const NncfQuantization& job, int64_t at, V scale, V zero_point) {
  const hn::Rebind<uint8_t, DD> d8;
  const hn::Rebind<int8_t, DD> d8s;
  const float half = static_cast<float>(1 << (job.bits - 1));
  const auto low = hn::Set(d, job.asymmetric ? 0.0F : -half);
  const auto high = hn::Set(d, job.asymmetric ? 2 * half - 1 : half - 1);
  const auto w = LoadAsF32(Element(), d, static_cast<const typename Element::Stored*>(job.weight) + at);
  const auto raw = hn::Add(hn::Div(w, scale), zero_point);
  // NaN becomes 0. Ties to even: NearestInt rounds as IEEE 754 does by default.
  const auto number = hn::IfThenElseZero(hn::Eq(raw, raw), raw);
  const auto code = hn::NearestInt(hn::Min(hn::Max(number, low), high));
  hn::StoreU(hn::Mul(hn::Sub(hn::ConvertTo(d, code), zero_point), scale), d, job.dequantized + at);
  if (job.asymmetric) {
    hn::StoreU(hn::DemoteTo(d8, code), d8, job.codes + at);
  } else {
    hn::StoreU(hn::DemoteTo(d8s, code), d8s, reinterpret_cast<int8_t*>(job.codes) + at);
  }
}

HWY_INLINE float AtLeastEpsilon(float scale) {
  constexpr float kEpsilon = 0x1p-23F;
  return scale < kEpsilon && scale > -kEpsilon ? kEpsilon : scale;
}

// Scale and zero point of a group. The zero point is 0 if it is no number.
struct Grid {
  float scale, zero_point;
};

HWY_INLINE Grid GridOf(NncfLimits limits, int bits, bool asymmetric) {
  const float half = static_cast<float>(1 << (bits - 1));
  if (!asymmetric) {
    const float m = limits.low < 0 ? -limits.low : limits.low;
    return {AtLeastEpsilon((m >= limits.high ? m : -limits.high) / half), 0.0F};
  }
  const float low = limits.low > 0 ? 0.0F : limits.low, high = limits.high < 0 ? 0.0F : limits.high;
  const float highest = 2 * half - 1, scale = AtLeastEpsilon((high - low) / highest);
  const float quotient = low / scale;
  const hn::CappedTag<float, 1> d1;
  if (!(quotient == quotient)) return {scale, 0.0F};
  const auto shift = hn::Min(hn::Set(d1, highest), hn::Neg(hn::Set(d1, quotient)));
  return {scale, static_cast<float>(hn::GetLane(hn::NearestInt(shift)))};
}

// One block of one column: a row of neighbours.
template <class Element>
HWY_INLINE void QuantizeRow(const NncfQuantization& job, int64_t block) {
  const int64_t first = block * job.group;
  const auto* weight = static_cast<const typename Element::Stored*>(job.weight);
  const Grid grid = GridOf(LimitsOfRow<Element>(weight + first, job.group), job.bits, job.asymmetric);
  job.scales[block] = grid.scale;
  if (job.asymmetric) job.zero_points[block] = static_cast<int32_t>(grid.zero_point);
  ForLanes(job.group, [&](auto d, int64_t i) HWY_ATTR {
    QuantizeLanes<Element>(d, job, first + i, hn::Set(d, grid.scale), hn::Set(d, grid.zero_point));
  });
}

// One block of several columns. `workspace` holds 3 * inner floats.
template <class Element>
HWY_INLINE void QuantizeColumns(const NncfQuantization& job, int64_t block, float* workspace) {
  const int64_t inner = job.inner, first = block * job.group * inner;
  float *lows = workspace, *highs = workspace + inner, *zero_points = workspace + 2 * inner;
  const auto* weight = static_cast<const typename Element::Stored*>(job.weight);
  LimitsOfColumns<Element>(weight + first, job.group, inner, lows, highs);
  float* scales = job.scales + block * inner;
  for (int64_t i = 0; i < inner; ++i) {
    const Grid grid = GridOf({lows[i], highs[i]}, job.bits, job.asymmetric);
    scales[i] = grid.scale;
    zero_points[i] = grid.zero_point;
    if (job.asymmetric) job.zero_points[block * inner + i] = static_cast<int32_t>(grid.zero_point);
  }
  for (int64_t k = 0; k < job.group; ++k) {
    ForLanes(inner, [&](auto d, int64_t i) HWY_ATTR {
      QuantizeLanes<Element>(d, job, first + k * inner + i, hn::LoadU(d, scales + i), hn::LoadU(d, zero_points + i));
    });
  }
}

template <class Element>
HWY_INLINE void QuantizeBlocks(const NncfQuantization& job, int64_t first, int64_t last, float* workspace) {
  for (int64_t block = first; block < last; ++block) {
    if (job.inner == 1) {
      QuantizeRow<Element>(job, block);
    } else {
      QuantizeColumns<Element>(job, block, workspace);
    }
  }
}

void HalveScales(const float* scales, uint16_t* halves, int64_t count) {
  ForLanes(count, [&](auto d, int64_t i)
                      HWY_ATTR { StoreRounded(F16Element(), d, RoundToF16(d, hn::LoadU(d, scales + i)), halves + i); });
}

void Quantize(const NncfQuantization& job, int64_t first, int64_t last, float* workspace) {
  if (job.dtype == DType::f32) QuantizeBlocks<F32Element>(job, first, last, workspace);
  if (job.dtype == DType::f16) QuantizeBlocks<F16Element>(job, first, last, workspace);
  if (job.dtype == DType::bf16) QuantizeBlocks<Bf16Element>(job, first, last, workspace);
}

}  // namespace plumb::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace plumb::cpu {
namespace {

HWY_EXPORT(HalveScales);
HWY_EXPORT(Quantize);

using Body = void (*)(const NncfQuantization&, std::int64_t, std::int64_t, float*);
using Halve = void (*)(const float*, std::uint16_t*, std::int64_t);

enum Output : std::size_t { kCodes, kScale, kZeroPoint, kDequantized };

void run(const Call& call, Body body, Halve halve) {
  // Codes are made with f32 scales also where their f16s are asked for.
  const bool halves = call.output_dtype(kScale) == DType::f16;
  std::vector<float> scales(static_cast<std::size_t>(halves ? call.output_count(kScale) : 0));
  const NncfQuantization job{call.input<std::uint8_t>(0).data(),
                             call.input_dtype(0),
                             call["N"] * (call["K"] / call["group"]),
                             call["group"],
                             call["inner"],
                             static_cast<int>(call["bits"]),
                             call.output_dtype(kCodes) == DType::u8,
                             call.output<std::uint8_t>(kCodes).data(),
                             halves ? scales.data() : call.output<float>(kScale).data(),
                             call.output<std::int32_t>(kZeroPoint).data(),
                             call.output<float>(kDequantized).data()};
  // Made here, as threads must not throw: each has a piece of its own, found by the block it begins with.
  const std::int64_t pieces = std::min<std::int64_t>(call.threads(), job.blocks), size = 3 * job.inner;
  std::vector<float> workspace(static_cast<std::size_t>(job.inner == 1 ? 0 : pieces * size));
  parallel_ranges(pieces, call.threads(), [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t piece = first; piece < last; ++piece) {
      float* own = workspace.empty() ? nullptr : workspace.data() + piece * size;
      body(job, piece_start(job.blocks, pieces, piece), piece_start(job.blocks, pieces, piece + 1), own);
    }
  });
  if (halves) halve(scales.data(), call.output<std::uint16_t>(kScale).data(), call.output_count(kScale));
}

}  // namespace

Kernel nncf_quantize(const Target& target) {
  const Body body = PLUMB_FOR_TARGET(Quantize, target);
  const Halve halve = PLUMB_FOR_TARGET(HalveScales, target);
  return {"nncf_quantize", kExactContract, {}, [=](const Call& call, void*) { run(call, body, halve); }};
}

}  // namespace plumb::cpu
#endif  // HWY_ONCE
