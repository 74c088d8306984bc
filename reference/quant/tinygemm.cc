#include "reference/quant/tinygemm.h"

#include "reference/quant/affine_blocks.h"
#include "reference/quant/block_range.h"
#include "reference/quant/torch_arithmetic.h"

namespace plumb {
namespace {

enum Input : std::size_t { kValues, kScale, kZeroPoint };

// Range of codes, and its middle.
struct Codes {
  double low, high, middle;

  explicit Codes(const Signature& signature)
      : low(static_cast<double>(signature["quant_min"])),
        high(static_cast<double>(signature["quant_max"])),
        middle(static_cast<double>((signature["quant_max"] + signature["quant_min"] + 1) / 2)) {}
};

DType type_of(const Problem& problem) { return static_cast<DType>(problem.signature["type"]); }

Answer evaluate_choose(const Problem& problem) {
  const TorchArithmetic type(type_of(problem));
  const Codes codes(problem.signature);
  const double eps = eps_of(problem.signature, type_of(problem));
  Answer answer(2);
  for (const auto& [min, max] : block_ranges(problem, problem.inputs[kValues])) {
    const double scale = at_least(type.div(type.sub(max, min), codes.high - codes.low), eps);
    answer[0].value.push_back(scale);
    answer[1].value.push_back(type.add(min, type.mul(scale, codes.middle)));
  }
  return answer;
}

Answer evaluate_quantize(const Problem& problem) {
  const TorchArithmetic type(type_of(problem));
  const Codes codes(problem.signature);
  const BlockGrid grid(problem.signature);
  Expected expected;
  for (std::int64_t i = 0; i < problem.inputs[kValues].size(); ++i) {
    const double scale = problem.inputs[kScale].at(grid.block(i));
    const double smallest = type.sub(problem.inputs[kZeroPoint].at(grid.block(i)), type.mul(scale, codes.middle));
    const double q = rne(type.div(type.sub(problem.inputs[kValues].at(i), smallest), scale));
    expected.value.push_back(clamped(q, codes.low, codes.high));
  }
  return {std::move(expected)};
}

Answer evaluate_dequantize(const Problem& problem) {
  const TorchArithmetic type(type_of(problem));
  const Codes codes(problem.signature);
  const BlockGrid grid(problem.signature);
  Expected expected;
  for (std::int64_t i = 0; i < problem.inputs[kValues].size(); ++i) {
    const double offset = type.sub(type.rounded(problem.inputs[kValues].at(i)), codes.middle);
    const double scaled = type.mul(offset, problem.inputs[kScale].at(grid.block(i)));
    expected.value.push_back(type.add(scaled, problem.inputs[kZeroPoint].at(grid.block(i))));
  }
  return {std::move(expected)};
}

Param type_param() {
  return dtype_param("type", "element type of values, scales and zero points", {DType::bf16, DType::f32, DType::f16});
}

Param code_param() { return dtype_param("code", "element type of the codes", {DType::i32, DType::i8, DType::u8}); }

Port grid_port(const char* name, const char* meaning, Fill fill) {
  return {.name = name, .meaning = meaning, .dtype = "type", .shape = kBlockGrid, .fill = fill};
}

Port values_port() {
  return {.name = "x", .meaning = "values", .dtype = "type", .shape = "M..., K", .fill = Fill::weight};
}

constexpr const char* kScaleMeaning = "one a block";
constexpr const char* kZeroPointMeaning = "one a block: the value of the middle code";

// Moved by a sixteenth, it seldom reaches the next code, or is lost beside a large product.
Port zero_point_that_seldom_matters() {
  Port port = grid_port("zero_point", kZeroPointMeaning, Fill::activation);
  port.least_shown = 0.12;
  return port;
}

}  // namespace

Op choose_qparams_tinygemm() {
  return {
      .name = "choose_qparams_tinygemm",
      .summary = "scale and floating-point zero point of each block, for tinygemm",
      .source = "torchao 0.18.0, quant_primitives.py: _choose_qparams_affine_tinygemm",
      .semantics =
          "scale = max((max - min) / (quant_max - quant_min), eps); zero_point = min + scale * mid; mid = "
          "(quant_max + quant_min + 1) / 2",
      .sizes = affine_sizes(),
      .params = joined(joined(block_params(), range_params()), {type_param(), eps_param()}),
      .inputs = {values_port()},
      .outputs = {grid_port("scale", kScaleMeaning, Fill::bytes),
                  grid_port("zero_point", kZeroPointMeaning, Fill::bytes)},
      .constraints = joined(affine_constraints(), has_elements()),
      .evaluate = evaluate_choose,
  };
}

Op quantize_tinygemm() {
  return {
      .name = "quantize_tinygemm",
      .summary = "quantises blocks with a floating-point zero point, by a true division",
      .source = "torchao 0.18.0, quant_primitives.py: _quantize_affine_tinygemm",
      .semantics =
          "codes = clamp(rne((x - (zero_point - scale * mid)) / scale), quant_min, quant_max); mid = (quant_max "
          "+ quant_min + 1) / 2",
      .sizes = affine_sizes(),
      .params = joined(joined(block_params(), range_params()), {type_param(), code_param()}),
      .inputs = {values_port(), grid_port("scale", kScaleMeaning, Fill::scale), zero_point_that_seldom_matters()},
      .outputs = {{.name = "codes", .meaning = "one code an element", .dtype = "code", .shape = "M..., K"}},
      .constraints = joined(affine_constraints(), range_fits("code")),
      .evaluate = evaluate_quantize,
  };
}

Op dequantize_tinygemm() {
  return {
      .name = "dequantize_tinygemm",
      .summary = "undoes tinygemm's quantisation, block by block",
      .source = "torchao 0.18.0, quant_primitives.py: _dequantize_affine_tinygemm",
      .semantics = "y = (codes - mid) * scale + zero_point; mid = (quant_max + quant_min + 1) / 2",
      .sizes = affine_sizes(),
      .params = joined(joined(block_params(), range_params()), {type_param(), code_param()}),
      .inputs = {{.name = "codes",
                  .meaning = "one code an element, of any value",
                  .dtype = "code",
                  .shape = "M..., K",
                  .fill = Fill::integers,
                  .least_shown = 0.15},  // of large ones results of few bits show no step
                 grid_port("scale", kScaleMeaning, Fill::scale),
                 zero_point_that_seldom_matters()},
      .outputs = {{.name = "y", .meaning = "values", .dtype = "type", .shape = "M..., K"}},
      .constraints = affine_constraints(),
      .evaluate = evaluate_dequantize,
  };
}

}  // namespace plumb
