#include "reference/quant/fake_quantize.h"

#include "reference/quant/affine_blocks.h"
#include "reference/quant/block_range.h"
#include "reference/quant/choose_qparams_affine.h"
#include "reference/quant/quantize_affine.h"
#include "reference/quant/steps.h"

namespace plumb {
namespace {

constexpr std::int64_t kAsymmetric = 2;  // choose_qparams_affine's word

Answer evaluate(const Problem& problem) {
  const Signature& signature = problem.signature;
  const std::int64_t rows = signature["M"], columns = signature["K"];
  const auto scale_type = static_cast<DType>(signature["scale"]), zero_type = static_cast<DType>(signature["zp"]);
  const Tensor x(problem.inputs[0].dtype(), {rows, columns},
                 {problem.inputs[0].bytes().begin(), problem.inputs[0].bytes().end()});
  const Sizes range = {{"group", columns}, {"quant_min", -128}, {"quant_max", 127}};
  Sizes choice = range, code = range, result = range;
  choice.insert(
      {{"mapping", kAsymmetric}, {"eps", signature["eps"]}, {"scale", signature["scale"]}, {"zp", signature["zp"]}});
  code["code"] = static_cast<std::int64_t>(DType::i8);
  result["y"] = signature["x"];
  const Answer chosen = evaluate_step(choose_qparams_affine(), choice, {x});
  const Tensor scale = step_tensor(scale_type, {rows, 1}, chosen[0]);
  const Tensor zero_point = step_tensor(zero_type, {rows, 1}, chosen[1]);
  const Answer codes = evaluate_step(quantize_affine(), code, {x, scale, zero_point});
  return evaluate_step(dequantize_affine(), result,
                       {step_tensor(DType::i8, {rows, columns}, codes[0]), scale, zero_point});
}

}  // namespace

Op fake_quantize_per_token() {
  return {
      .name = "fake_quantize_per_token",
      .summary = "quantises each row to 8 bits, with a scale and zero point of its own, and undoes it",
      .source = "torchao 0.18.0, quantization/utils.py: per_token_dynamic_quant",
      .semantics =
          "y = (codes - zero_point) * scale; codes = clamp(rne(x * (1/scale)) + zero_point, -128, 127); scale and "
          "zero_point as choose_qparams_affine gives them for the row",
      .sizes = affine_sizes(),
      .params = {{"lead", "number of dimensions the rows are spread over", Param::Kind::integer, {1, 2}, 1},
                 eps_param(),
                 dtype_param("x", "element type of the values", {DType::f32, DType::f16, DType::bf16}),
                 dtype_param("scale", "element type of the scales", {DType::f32, DType::f16, DType::bf16}),
                 dtype_param("zp", "element type of the zero points", {DType::f32, DType::f16, DType::bf16})},
      .inputs = {{.name = "x", .meaning = "values", .dtype = "x", .shape = "M..., K", .fill = Fill::weight}},
      .outputs = {{.name = "y", .meaning = "values that have a code", .dtype = "x", .shape = "M..., K"}},
      .constraints = has_elements(),
      .evaluate = evaluate,
  };
}

}  // namespace plumb
