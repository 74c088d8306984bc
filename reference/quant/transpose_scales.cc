#include "reference/quant/transpose_scales.h"

#include "reference/kernel/ports.h"
#include "reference/quant/integer_codes.h"

namespace plumb {
namespace {

Answer evaluate(const Problem& problem) {
  const std::int64_t rows = problem.signature["N"], groups = problem.signature["G"];
  std::vector<double> value;
  for (std::int64_t g = 0; g < groups; ++g) {
    for (std::int64_t n = 0; n < rows; ++n) value.push_back(problem.inputs[0].at(n * groups + g));
  }
  return prescribed(std::move(value));
}

}  // namespace

Op transpose_scales() {
  return {
      .name = "transpose_scales",
      .summary = "transposes the scales or zero points of a grouped weight",
      .source = "torchao 0.18.0, Int4PlainInt32Tensor.from_hp: scale.transpose(0, 1), zero_point.transpose(0, 1)",
      .semantics = "transposed[g, n] = scales[n, g]",
      .sizes = {{"N", "rows of the weight", {1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 33, 130}},
                {"G", "groups of a row", {1, 2, 3, 4, 5, 8, 15, 16, 17, 34, 65}}},
      .params = {float_param("scale", "element type of scales or zero points",
                             {DType::f32, DType::f16, DType::bf16, DType::i8})},
      .inputs = {{.name = "scales",
                  .meaning = "one row a row of the weight; any bits",
                  .dtype = "scale",
                  .shape = "N, G",
                  .fill = Fill::bytes}},
      .outputs = {{.name = "transposed", .meaning = "one row a group", .dtype = "scale", .shape = "G, N"}},
      .evaluate = evaluate,
  };
}

}  // namespace plumb
