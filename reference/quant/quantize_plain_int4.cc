#include "reference/quant/quantize_plain_int4.h"

#include <algorithm>
#include <cmath>

#include "reference/quant/affine_blocks.h"
#include "reference/quant/block_range.h"
#include "reference/quant/torch_arithmetic.h"

namespace plumb {
namespace {

struct GroupParameters {
  double scale, zero_point, min;
};

// Of columns [first, last) of a row that begins at element `row`.
Range range_of(const Tensor& w, std::int64_t row, std::int64_t first, std::int64_t last) {
  Range range{w.at(row + first), w.at(row + first)};
  for (std::int64_t k = first; k < last; ++k) {
    const double v = w.at(row + k);
    if (std::isnan(v)) return {v, v};
    range = {std::min(range.min, v), std::max(range.max, v)};
  }
  return range;
}

GroupParameters parameters_of(const Range& range, bool symmetric) {
  const TorchArithmetic f32(DType::f32);
  const double least = f32.rounded(1e-6);
  if (symmetric) {
    const double largest = std::isnan(range.min) ? range.min : std::max(-range.min, range.max);
    return {f32.div(at_least(largest, least), 8), 0, 0};
  }
  const double scale = f32.div(at_least(f32.sub(range.max, range.min), least), 15);
  return {scale, f32.add(range.min, f32.mul(scale, 8)), range.min};
}

double code_of(double w, const GroupParameters& group, bool symmetric) {
  const TorchArithmetic f32(DType::f32);
  if (symmetric) return clamped(rne(f32.div(w, group.scale)), -8, 7);
  return clamped(rne(f32.div(f32.sub(w, group.min), group.scale)), 0, 15) - 8;
}

Answer evaluate(const Problem& problem) {
  const Tensor& w = problem.inputs[0];
  const std::int64_t rows = problem.signature["N"], columns = problem.signature["K"];
  const std::int64_t length = problem.signature["group"], groups = (columns + length - 1) / length;
  const bool symmetric = problem.signature["symmetric"] != 0;
  const TorchArithmetic stored(w.dtype());
  Answer answer(3);
  answer[1].value.resize(static_cast<std::size_t>(groups * rows));
  answer[2].value = answer[1].value;
  for (std::int64_t n = 0; n < rows; ++n) {
    for (std::int64_t g = 0; g < groups; ++g) {
      const std::int64_t first = g * length, last = std::min(columns, first + length);
      const GroupParameters group = parameters_of(range_of(w, n * columns, first, last), symmetric);
      answer[1].value[static_cast<std::size_t>(g * rows + n)] = stored.rounded(group.scale);
      answer[2].value[static_cast<std::size_t>(g * rows + n)] = stored.rounded(group.zero_point);
      for (std::int64_t k = first; k < last; ++k) {
        answer[0].value.push_back(code_of(w.at(n * columns + k), group, symmetric));
      }
    }
  }
  return answer;
}

}  // namespace

Op quantize_plain_int4() {
  constexpr const char* kGrid = "ceil_div(K, group), N";
  return {
      .name = "quantize_plain_int4",
      .summary =
          "quantises rows to signed 4-bit codes, as Int4Tensor does: in f32, with a scale and a zero point a group",
      .source = "mslk 1.1.0, quantize/shuffle.py: int4_row_quantize_zp, int4_row_quantize; torchao 0.18.0, Int4Tensor",
      .semantics =
          "scale = max(max - min, 1e-6) / 15, zero_point = min + 8 * scale, codes = clamp(rne((w - min) / scale), 0, "
          "15) "
          "- 8; symmetric: scale = max(|w|, 1e-6) / 8, zero_point = 0, codes = clamp(rne(w / scale), -8, 7)",
      .sizes = {{"N", "rows", {1, 2, 3, 8, 17}}, {"K", "columns", {1, 7, 8, 32, 33, 64, 66, 128, 640}}},
      .params = {{"group", "columns of a group", Param::Kind::integer, {2, 7, 8, 32, 33, 64}, {}},
                 {"symmetric", "no zero points, for fp8 activations", Param::Kind::flag, {0, 1}, 0},
                 dtype_param("x", "element type of values, scales and zero points",
                             {DType::f32, DType::f16, DType::bf16})},
      .inputs = {{.name = "w", .meaning = "values", .dtype = "x", .shape = "N, K", .fill = Fill::weight}},
      .outputs = {{.name = "codes", .meaning = "one code an element", .dtype = "i8", .shape = "N, K"},
                  {.name = "scale", .meaning = "one a group", .dtype = "x", .shape = kGrid},
                  {.name = "zero_point", .meaning = "one a group: the value of code 0", .dtype = "x", .shape = kGrid}},
      .constraints = {{"N > 0 && K > 0", "a group has elements"}, {"group > 0", "a group has columns"}},
      .evaluate = evaluate,
  };
}

}  // namespace plumb
