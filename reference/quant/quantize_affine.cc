#include "reference/quant/quantize_affine.h"

#include "reference/quant/affine_blocks.h"
#include "reference/quant/torch_arithmetic.h"

namespace plumb {
namespace {

enum Input : std::size_t { kValues, kScale, kZeroPoint };
enum Order : std::int64_t { kRoundThenShift, kShiftThenRound };

// A block's scale and zero point for every element.
struct Parameters {
  const Tensor& scale;
  const Tensor& zero_point;
  BlockGrid grid;

  explicit Parameters(const Problem& problem)
      : scale(problem.inputs[kScale]), zero_point(problem.inputs[kZeroPoint]), grid(problem.signature) {}

  [[nodiscard]] double scale_of(std::int64_t flat) const { return scale.at(grid.block(flat)); }
  [[nodiscard]] double zero_point_of(std::int64_t flat) const { return zero_point.at(grid.block(flat)); }
};

Answer evaluate_quantize(const Problem& problem) {
  const Tensor& x = problem.inputs[kValues];
  const Parameters block(problem);
  const auto low = static_cast<double>(problem.signature["quant_min"]);
  const auto high = static_cast<double>(problem.signature["quant_max"]);
  const DType scale_type = block.scale.dtype(), type = promoted(x.dtype(), scale_type);
  const TorchArithmetic reciprocals(scale_type), scaling(type);
  const TorchArithmetic shifting(block.zero_point.present() ? promoted(type, block.zero_point.dtype()) : type);
  Expected expected;
  for (std::int64_t i = 0; i < x.size(); ++i) {
    double q = scaling.mul(x.at(i), reciprocals.div(1, block.scale_of(i)));
    if (!block.zero_point.present()) {
      q = rne(q);
    } else if (problem.signature["order"] == kRoundThenShift) {
      q = shifting.add(rne(q), shifting.rounded(block.zero_point_of(i)));
    } else {
      q = rne(shifting.add(q, shifting.rounded(block.zero_point_of(i))));
    }
    expected.value.push_back(clamped(q, low, high));
  }
  return {std::move(expected)};
}

Answer evaluate_dequantize(const Problem& problem) {
  const Tensor& codes = problem.inputs[kValues];
  const Parameters block(problem);
  const auto out = static_cast<DType>(problem.signature["y"]);
  const TorchArithmetic shifting(out), scaling(promoted(out, block.scale.dtype()));
  Expected expected;
  for (std::int64_t i = 0; i < codes.size(); ++i) {
    double y = shifting.rounded(codes.at(i));
    if (block.zero_point.present()) y = shifting.sub(y, shifting.rounded(block.zero_point_of(i)));
    expected.value.push_back(shifting.rounded(scaling.mul(y, block.scale_of(i))));
  }
  return {std::move(expected)};
}

std::vector<Param> type_params() {
  return {dtype_param("scale", "element type of the scales; f64 makes what it meets f64",
                      {DType::f32, DType::f16, DType::bf16, DType::f64}),
          dtype_param("zp", "element type of the zero points",
                      {DType::i32, DType::i8, DType::i64, DType::f32, DType::f16, DType::bf16}),
          {"zero_point", "zero points are given", Param::Kind::flag, {0, 1}, 1}};
}

std::vector<Port> block_ports() {
  return {{.name = "scale", .meaning = "one a block", .dtype = "scale", .shape = kBlockGrid, .fill = Fill::scale},
          {.name = "zero_point",
           .meaning = "one a block, within the range of codes",
           .dtype = "zp",
           .shape = kBlockGrid,
           .fill = Fill::integers,
           .low = "quant_min",
           .high = "quant_max",
           .present_if = "zero_point"}};
}

const std::vector<DType> kCodeTypes = {DType::i32, DType::i8, DType::u8};
const std::vector<DType> kValueTypes = {DType::f32, DType::f16, DType::bf16};

}  // namespace

Op quantize_affine() {
  const std::vector<Param> own = {dtype_param("x", "element type of the values", kValueTypes),
                                  dtype_param("code", "element type of the codes", kCodeTypes),
                                  {"order",
                                   "whether the zero point is added after or before rounding",
                                   Param::Kind::choice,
                                   {kRoundThenShift, kShiftThenRound},
                                   kRoundThenShift,
                                   {"round_then_shift", "shift_then_round"}}};
  return {
      .name = "quantize_affine",
      .summary = "quantises blocks with given scales and zero points, by multiplying with the reciprocal",
      .source = "torchao 0.18.0, quant_primitives.py: quantize_affine; torch.ops.quantized_decomposed.quantize_per_*",
      .semantics =
          "codes = clamp(rne(x * (1/scale)) + zero_point, quant_min, quant_max), every operation rounded to "
          "the elements' common type",
      .sizes = affine_sizes(),
      .params = joined(joined(joined(block_params(), range_params()), type_params()), own),
      .inputs = joined({{.name = "x", .meaning = "values", .dtype = "x", .shape = "M..., K", .fill = Fill::weight}},
                       block_ports()),
      .outputs = {{.name = "codes", .meaning = "one code an element", .dtype = "code", .shape = "M..., K"}},
      .constraints = joined(joined(affine_constraints(), range_fits("code")), range_fits("zp")),
      .evaluate = evaluate_quantize,
  };
}

Op dequantize_affine() {
  const std::vector<Param> own = {dtype_param("y", "element type of the result", kValueTypes),
                                  dtype_param("code", "element type of the codes", kCodeTypes)};
  return {
      .name = "dequantize_affine",
      .summary = "undoes affine quantisation, block by block",
      .source =
          "torchao 0.18.0, quant_primitives.py: dequantize_affine; "
          "torch.ops.quantized_decomposed.dequantize_per_*",
      .semantics =
          "y = (codes - zero_point) * scale: the difference rounded to y's type, the product to the common "
          "type of y and scale, then to y's",
      .sizes = affine_sizes(),
      .params = joined(joined(joined(block_params(), range_params()), type_params()), own),
      .inputs = joined({{.name = "codes",
                         .meaning = "one code an element, of any value",
                         .dtype = "code",
                         .shape = "M..., K",
                         .fill = Fill::integers}},
                       block_ports()),
      .outputs = {{.name = "y", .meaning = "values", .dtype = "y", .shape = "M..., K"}},
      .constraints = joined(affine_constraints(), range_fits("zp")),
      .evaluate = evaluate_dequantize,
  };
}

}  // namespace plumb
