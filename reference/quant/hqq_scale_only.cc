#include <algorithm>
#include <cmath>

#include "reference/quant/affine_blocks.h"
#include "reference/quant/block_range.h"
#include "reference/quant/hqq.h"
#include "reference/quant/outcomes.h"
#include "reference/quant/torch_arithmetic.h"

namespace plumb {
namespace {

constexpr int kIterations = 20;
constexpr double kLeastScale = 0x1p-23;

Outcomes not_too_small(const Outcomes& a) {
  if (a.is_anything()) return a;
  return {at_least(a.low(), kLeastScale), at_least(a.high(), kLeastScale)};
}

// The iterations, for all blocks of one problem.
class Solver {
 public:
  explicit Solver(const Problem& problem)
      : values_(problem.inputs[0]),
        group_(problem.signature["group"]),
        low_(static_cast<double>(problem.signature["quant_min"])),
        high_(static_cast<double>(problem.signature["quant_max"])) {}

  [[nodiscard]] Outcomes code(std::int64_t flat, const Outcomes& scale) const {
    return rounded_code(Outcomes(values_.at(flat)) / scale, low_, high_);
  }

  // Where float error decides whether to stop, both ways are followed: a scale that either gives is an outcome.
  [[nodiscard]] std::vector<Outcomes> solve() const {
    std::vector<Outcomes> scale = initial(), ends;
    for (int i = 0; i < kIterations; ++i) {
      const std::vector<Outcomes> before = scale;
      for (std::size_t block = 0; block < scale.size(); ++block) {
        scale[block] = best_scale(static_cast<std::int64_t>(block), before[block]);
      }
      const Verity stops = is_less(largest_change(before, scale), static_cast<double>(1e-5F));
      if (stops == Verity::yes) break;
      if (stops == Verity::either) unite(ends, scale);
    }
    unite(ends, scale);
    return ends;
  }

 private:
  static void unite(std::vector<Outcomes>& ends, const std::vector<Outcomes>& scale) {
    if (ends.empty()) {
      ends = scale;
    } else {
      for (std::size_t b = 0; b < ends.size(); ++b) ends[b] = ends[b].or_else(scale[b]);
    }
  }

  [[nodiscard]] std::vector<Outcomes> initial() const {
    const TorchArithmetic f32(DType::f32);
    std::vector<Outcomes> scales;
    for (std::int64_t first = 0; first < values_.size(); first += group_) {
      double largest = 0;
      for (std::int64_t i = first; i < first + group_; ++i) {
        const double v = std::abs(values_.at(i));
        largest = std::isnan(v) || std::isnan(largest) ? std::nan("") : std::max(largest, v);
      }
      scales.push_back(not_too_small(Outcomes(f32.div(largest, std::max(std::abs(low_), std::abs(high_))))));
    }
    return scales;
  }

  // sum w q / sum q q.
  [[nodiscard]] Outcomes best_scale(std::int64_t block, const Outcomes& before) const {
    std::vector<Outcomes> products, squares;
    for (std::int64_t i = block * group_; i < (block + 1) * group_; ++i) {
      const Outcomes q = code(i, before), size = magnitude(q);
      products.push_back(Outcomes(values_.at(i)) * q);
      squares.push_back(size * size);
    }
    const Outcomes numerator = sum_in_any_order(products), denominator = sum_in_any_order(squares);
    switch (is_less(0, denominator)) {
      case Verity::no:
        return not_too_small(before);
      case Verity::yes:
        return not_too_small(numerator / denominator);
      case Verity::either:
        break;
    }
    if (denominator.is_anything()) return denominator;
    // All codes are zero, or the sum of their squares is 1 or more.
    const Outcomes some = numerator / Outcomes(std::max(denominator.low(), 1.0), denominator.high());
    return not_too_small(before).or_else(not_too_small(some));
  }

  // The largest |scale - before| / before; NaN if one is.
  static Outcomes largest_change(const std::vector<Outcomes>& before, const std::vector<Outcomes>& scale) {
    Outcomes largest = 0;
    for (std::size_t b = 0; b < scale.size(); ++b) {
      const Outcomes change = magnitude(scale[b] - before[b]) / not_too_small(before[b]);
      if (largest.is_nan() || change.is_nan()) {
        largest = std::nan("");
      } else if (largest.is_anything() || change.is_anything()) {
        largest = Outcomes::anything();
      } else {
        largest = {std::max(largest.low(), change.low()), std::max(largest.high(), change.high())};
      }
    }
    return largest;
  }

  const Tensor& values_;
  std::int64_t group_;
  double low_, high_;
};

Answer evaluate(const Problem& problem) {
  const Solver solver(problem);
  const std::vector<Outcomes> scale = solver.solve();
  Answer answer(2);
  for (std::int64_t i = 0; i < problem.inputs[0].size(); ++i) {
    append(answer[0], solver.code(i, scale[static_cast<std::size_t>(i / problem.signature["group"])]));
  }
  for (const Outcomes& s : scale) append(answer[1], rounded_as(problem.inputs[0].dtype(), s));
  return answer;
}

}  // namespace

Op quantize_hqq_scale_only() {
  return {
      .name = "quantize_hqq_scale_only",
      .summary = "half-quadratic quantisation without zero points: codes and scales that fit each other best",
      .source = "torchao 0.18.0, quant_primitives.py: _choose_qparams_and_quantize_scale_only_hqq",
      .semantics =
          "codes = clamp(rne(w / scale), quant_min, quant_max); scale = sum w q / sum q q of a block, from the codes q "
          "of the scale before, 20 times or until no scale changes by 1e-5 of itself",
      .sizes = {{"N", "rows", {1, 2, 3, 8}}, {"K", "columns", {1, 8, 32, 33, 64, 66, 128}}},
      .params = {{"group", "columns of a block", Param::Kind::integer, {1, 8, 16, 32, 33, 64}, {}},
                 {"quant_min", "smallest code", Param::Kind::integer, {-8, -2, -128, 0}, -8},
                 {"quant_max", "largest code", Param::Kind::integer, {7, 1, 127, 15}, 7},
                 dtype_param("x", "element type of values and scales", {DType::f32, DType::f16, DType::bf16}),
                 dtype_param("code", "element type of the codes", {DType::i32, DType::i8})},
      .inputs = {{.name = "w", .meaning = "values", .dtype = "x", .shape = "N, K", .fill = Fill::weight}},
      .outputs = {{.name = "codes", .meaning = "one code an element", .dtype = "code", .shape = "N, K"},
                  {.name = "scale", .meaning = "one a block", .dtype = "x", .shape = "N, K/group"}},
      .constraints = {{"N > 0 && K > 0", "a block has elements"},
                      {"group > 0", "a block has columns"},
                      {"K % group == 0", "blocks fill the columns"},
                      {"quant_min < quant_max", "a range has two codes or more"},
                      {"quant_min >= -128 && quant_max <= 127", "codes fit i8"}},
      .left_open = "the order of sums",
      .evaluate = evaluate,
  };
}

}  // namespace plumb
