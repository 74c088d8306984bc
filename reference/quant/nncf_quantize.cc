#include "reference/quant/nncf_quantize.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/kernel/ports.h"

namespace plumb {
namespace {

constexpr double kEpsilon = 0x1p-23;  // numpy.finfo(float32).eps
constexpr double kOpen = std::numeric_limits<double>::quiet_NaN();

// An f32 operation: its operands are f32s, so that rounding twice, to f64 and then to f32, is rounding once.
double f32(double value) { return round_to(DType::f32, value); }

// The smallest and the largest of a group, NaN if there is one.
struct Limits {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void add(double weight) {
    low = std::isnan(weight) || weight < low ? weight : low;
    high = std::isnan(weight) || weight > high ? weight : high;
  }
};

double at_least_epsilon(double scale) { return std::abs(scale) < kEpsilon ? kEpsilon : scale; }

double symmetric_scale(const Limits& limits, std::int64_t bits) {
  const double m = std::abs(limits.low);
  return at_least_epsilon(f32((m >= limits.high ? m : -limits.high) / std::ldexp(1, static_cast<int>(bits) - 1)));
}

double clip(double value, double low, double high) { return std::isnan(value) ? kOpen : std::clamp(value, low, high); }

// What a group shares. A symmetric one has zero point 0.
struct Grid {
  double scale, zero_point;
  double lowest, highest;  // codes

  // An integer has one zero: + 0.0 makes -0 a 0.
  [[nodiscard]] double code(double weight) const {
    return clip(std::nearbyint(f32(f32(weight / scale) + zero_point)), lowest, highest) + 0.0;
  }
};

Grid grid_of(Limits limits, std::int64_t bits, bool asymmetric) {
  const double half = std::ldexp(1, static_cast<int>(bits) - 1), highest = 2 * half - 1;
  if (!asymmetric) return {symmetric_scale(limits, bits), 0, -half, half - 1};
  limits.add(0);
  const double scale = at_least_epsilon(f32(f32(limits.high - limits.low) / highest));
  return {scale, clip(-std::nearbyint(f32(limits.low / scale)), 0, highest) + 0.0, 0, highest};
}

Answer evaluate(const Problem& problem) {
  const Signature& signature = problem.signature;
  const Tensor& weight = problem.inputs[0];
  const std::int64_t inner = signature["inner"], group = signature["group"];
  const bool asymmetric = signature["code"] == static_cast<std::int64_t>(DType::u8);
  const auto stored_scale = static_cast<DType>(signature["scale"]);
  const auto elements = static_cast<std::size_t>(weight.size());
  Expected codes, scales, zero_points, dequantized;
  codes.value.resize(elements);
  dequantized.value.resize(elements);
  for (std::int64_t outer = 0; outer < signature["N"] * (signature["K"] / group); ++outer) {
    for (std::int64_t i = 0; i < inner; ++i) {
      const auto place = [&](std::int64_t k) { return (outer * group + k) * inner + i; };
      Limits limits;
      for (std::int64_t k = 0; k < group; ++k) limits.add(weight.at(place(k)));
      const Grid grid = grid_of(limits, signature["bits"], asymmetric);
      scales.value.push_back(round_to(stored_scale, grid.scale));
      if (asymmetric) zero_points.value.push_back(grid.zero_point);
      for (std::int64_t k = 0; k < group; ++k) {
        const double code = grid.code(weight.at(place(k)));
        codes.value[static_cast<std::size_t>(place(k))] = code;
        dequantized.value[static_cast<std::size_t>(place(k))] = f32((code - grid.zero_point) * grid.scale);
      }
    }
  }
  return {std::move(codes), std::move(scales), std::move(zero_points), std::move(dequantized)};
}

}  // namespace

Op nncf_quantize() {
  return {
      .name = "nncf_quantize",
      .summary = "NNCF's integer quantisation of a weight, group by group",
      .source =
          "NNCF 3.4.0, nncf/quantization/algorithms/weight_compression/weight_lowering.py: do_integer_quantization, "
          "do_integer_dequantization",
      .semantics =
          "i8 codes: m = |min|, s = (m >= max ? m : -max) / 2^(bits-1), code = clip(round(w / s)); u8 codes: lo = "
          "min(min, 0), hi = max(max, 0), s = (hi - lo) / (2^bits - 1), zero_point = clip(-round(lo / s)), code = "
          "clip(round(w / s + zero_point)); |s| < 2^-23 becomes 2^-23; dequantized = (code - zero_point) * s; all in "
          "f32, halves to even; the scale is rounded only when it is stored",
      .sizes = {{"N", "rows: everything before the reduced dimension", {1, 2, 3, 5, 16, 17}},
                {"K",
                 "elements of the reduced dimension",
                 {1, 2, 3, 4, 6, 8, 16, 24, 30, 32, 34, 48, 64, 96, 100, 256}},
                {"inner", "everything behind the reduced dimension", {1, 2, 3, 4, 8, 17, 33}}},
      .params = {{"group",
                  "elements along K that share a scale",
                  Param::Kind::integer,
                  {1, 2, 3, 4, 5, 8, 15, 16, 17, 24, 32, 48, 64, 100, 128, 256},
                  std::nullopt},
                 {"bits", "bits of a code", Param::Kind::integer, {2, 3, 4, 8}, 4},
                 float_param("code", "element type of the codes: i8 symmetric, u8 asymmetric", {DType::i8, DType::u8}),
                 float_param("weight", "element type of the weight", {DType::f32, DType::f16, DType::bf16}),
                 float_param("scale", "element type the scale is stored in", {DType::f32, DType::f16})},
      .inputs = {{.name = "weight",
                  .meaning = "weight to quantise",
                  .dtype = "weight",
                  .shape = "N, K, inner",
                  .fill = Fill::weight}},
      .outputs =
          {{.name = "codes", .meaning = "one code a byte", .dtype = "code", .shape = "N, K, inner"},
           {.name = "scale", .meaning = "scale of each group", .dtype = "scale", .shape = "N, K / group, inner"},
           {.name = "zero_point",
            .meaning = "zero point of each group; empty if symmetric",
            .dtype = "i32",
            .shape = "N, K / group, inner * (code == 1)"},
           {.name = "dequantized", .meaning = "what the codes stand for", .dtype = "f32", .shape = "N, K, inner"}},
      .constraints = {{"N >= 1 && K >= 1 && inner >= 1", "a group has a smallest and a largest element"},
                      {"group >= 1", "a group has at least one element"},
                      {"K % group == 0", "groups divide the reduced dimension"},
                      {"bits == 2 || bits == 3 || bits == 4 || bits == 8", "other widths are not NNCF's"}},
      .arithmetic = Arithmetic::prescribed,
      .evaluate = evaluate,
  };
}

}  // namespace plumb
