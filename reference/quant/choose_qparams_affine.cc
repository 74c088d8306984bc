#include "reference/quant/choose_qparams_affine.h"

#include <algorithm>
#include <cmath>

#include "reference/quant/affine_blocks.h"
#include "reference/quant/block_range.h"
#include "reference/quant/torch_arithmetic.h"

namespace plumb {
namespace {

enum Mapping : std::int64_t {
  kSymmetric,
  kSymmetricNoClippingErr,
  kAsymmetric,
  kAsymmetricLeastError,
  kAbsmax,
  kAsymmetricStretched,
};

struct Choice {
  double scale, zero_point;
};

// How scales and zero points of one problem are chosen.
class Chooser {
 public:
  Chooser(const Signature& signature, DType dtype)
      : type_(dtype),
        mapping_(static_cast<Mapping>(signature["mapping"])),
        low_(static_cast<double>(signature["quant_min"])),
        high_(static_cast<double>(signature["quant_max"])),
        eps_(eps_of(signature, dtype)) {}

  [[nodiscard]] Choice choose(Range range) const {
    // NaN would get lost in the comparisons below.
    if (std::isnan(range.min)) return {range.min, mapping_is_symmetric() ? middle() : range.min};
    const double magnitude = std::max(-range.min, range.max);
    switch (mapping_) {
      case kSymmetric:
        return {at_least(type_.div(magnitude, (high_ - low_) / 2), eps_), middle()};
      case kSymmetricNoClippingErr:
        return {at_least(no_clipping_scale(range), eps_), middle()};
      case kAsymmetric:
      case kAsymmetricLeastError:
        break;
      case kAsymmetricStretched:
        return stretched(range);
      case kAbsmax:
        return {type_.div(at_least(magnitude, eps_), high_), 0};
    }
    const double scale = at_least(type_.div(type_.sub(range.max, range.min), high_ - low_), eps_);
    return {scale, mapping_ == kAsymmetric ? zero_point(range, scale) : least_error_zero_point(range, scale)};
  }

 private:
  [[nodiscard]] bool mapping_is_symmetric() const {
    return mapping_ == kSymmetric || mapping_ == kSymmetricNoClippingErr || mapping_ == kAbsmax;
  }
  // Absmax has no range below zero to be in the middle of.
  [[nodiscard]] double middle() const { return mapping_ == kAbsmax ? 0 : std::trunc((high_ + low_ + 1) / 2); }

  [[nodiscard]] double no_clipping_scale(Range range) const {
    const double from_min = type_.div(range.min, low_), from_max = type_.div(range.max, high_);
    return from_min > from_max ? from_min : from_max;
  }
  [[nodiscard]] double zero_point(Range range, double scale) const {
    return clamped(type_.sub(low_, rne(type_.div(range.min, scale))), low_, high_);
  }
  [[nodiscard]] double least_error_zero_point(Range range, double scale) const {
    const double min = type_.div(range.min, scale), max = type_.div(range.max, scale);
    const double error = type_.add(type_.add(low_, min), type_.add(high_, max));
    return rne(clamped(error > 0 ? type_.sub(low_, min) : type_.sub(high_, max), low_, high_));
  }

  // ExecuTorch's choose_qparams_per_row: a scale of 0, or without a reciprocal, becomes 0.1; one below 6.1e-5 becomes
  // that, and the range is stretched to it.
  [[nodiscard]] Choice stretched(Range range) const {
    const double least = type_.rounded(6.1e-5), levels = high_ - low_;
    double scale = type_.div(type_.sub(range.max, range.min), levels);
    if (scale == 0 || std::isinf(type_.div(1, scale))) scale = type_.rounded(0.1);
    if (scale < least) {
      const double amplifier = type_.div(least, scale), whole = type_.mul(least, levels);
      if (range.min == 0) {
        range.max = whole;
      } else if (range.max == 0) {
        range.min = -whole;
      } else {
        range = {type_.mul(range.min, amplifier), type_.mul(range.max, amplifier)};
      }
      scale = least;
    }
    const double min = type_.div(range.min, scale), max = type_.div(range.max, scale);
    const bool from_min = type_.add(std::abs(low_), std::abs(min)) < type_.add(std::abs(high_), std::abs(max));
    return {scale, rne(clamped(from_min ? type_.sub(low_, min) : type_.sub(high_, max), low_, high_))};
  }

  TorchArithmetic type_;
  Mapping mapping_;
  double low_, high_, eps_;
};

Answer evaluate(const Problem& problem) {
  const DType dtype = problem.inputs[0].dtype();
  const Chooser chooser(problem.signature, dtype);
  const TorchArithmetic scales(static_cast<DType>(problem.signature["scale"]));
  Answer answer(2);
  for (Range range : block_ranges(problem, problem.inputs[0])) {
    if (problem.signature["preserve_zero"] != 0 && !std::isnan(range.min)) {
      range = {std::min(range.min, 0.0), std::max(range.max, 0.0)};
    }
    const Choice choice = chooser.choose(range);
    answer[0].value.push_back(scales.rounded(choice.scale));
    answer[1].value.push_back(choice.zero_point);
  }
  return answer;
}

std::vector<Param> own_params() {
  return {{"mapping",
           "how the range of values is mapped to codes",
           Param::Kind::choice,
           {kSymmetric, kSymmetricNoClippingErr, kAsymmetric, kAsymmetricLeastError, kAbsmax, kAsymmetricStretched},
           kAsymmetric,
           {"symmetric", "symmetric_no_clipping_err", "asymmetric", "asymmetric_least_error", "absmax",
            "asymmetric_stretched"}},
          eps_param(),
          {"preserve_zero", "the range of values is widened to hold zero", Param::Kind::flag, {0, 1}, 1},
          dtype_param("x", "element type of the values, and of the arithmetic", {DType::f32, DType::f16, DType::bf16}),
          dtype_param("scale", "element type of the scales", {DType::f32, DType::f16, DType::bf16, DType::f64}),
          dtype_param("zp", "element type of the zero points",
                      {DType::i32, DType::i8, DType::i64, DType::f32, DType::f16, DType::bf16})};
}

}  // namespace

Op choose_qparams_affine() {
  return {
      .name = "choose_qparams_affine",
      .summary = "scale and zero point of each block, from its smallest and largest element",
      .source =
          "torchao 0.18.0, quant_primitives.py: choose_qparams_affine; "
          "torch.ops.quantized_decomposed.choose_qparams*; asymmetric_stretched: ExecuTorch, "
          "choose_qparams_per_row.glsl",
      .semantics =
          "asymmetric: scale = max((mx - mn) / (quant_max - quant_min), eps), zero_point = clamp(quant_min - "
          "rne(mn / scale), quant_min, quant_max), mn = min(block, 0), mx = max(block, 0)",
      .sizes = affine_sizes(),
      .params = joined(joined(block_params(), range_params()), own_params()),
      .inputs = {{.name = "x",
                  .meaning = "values",
                  .dtype = "x",
                  .shape = "M..., K",
                  .fill = Fill::weight,
                  .least_shown = 0.15}},  // the smallest and the largest of a block count
      .outputs = {{.name = "scale", .meaning = "one a block", .dtype = "scale", .shape = kBlockGrid},
                  {.name = "zero_point", .meaning = "one a block", .dtype = "zp", .shape = kBlockGrid}},
      .constraints = joined(joined(joined(affine_constraints(), has_elements()), range_fits("zp")),
                            {{"preserve_zero || mapping == 2", "only asymmetric ranges may leave zero out"},
                             {"mapping != 4 || quant_max > 0", "the largest code divides the largest value"}}),
      .evaluate = evaluate,
  };
}

}  // namespace plumb
