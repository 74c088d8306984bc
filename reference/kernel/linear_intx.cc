#include "reference/kernel/linear_intx.h"

#include "reference/kernel/grouped_linear.h"
#include "reference/kernel/intx_ports.h"

namespace plumb {
namespace {

enum Input : std::size_t { kX };

Answer evaluate_linear(const Problem& problem) {
  GroupedLinear linear =
      intx_linear(problem, matrix_of(problem.inputs[kX], problem.signature["M"], extent_of(problem.signature).columns));
  if (problem.signature["scaling"] != kSums) return evaluate(linear);
  return {sums_scaled_last(linear, problem.inputs[kX].dtype())};
}

}  // namespace

Op linear_intx() {
  std::vector<Param> params = intx_params();
  params.insert(params.begin() + 1, choice_param("scaling", "what is multiplied by scales", {"weights", "sums"}));
  return {
      .name = "linear_intx",
      .summary = "linear layer, integer weights of up to 8 bits, a byte each",
      .source = "torchao 0.18.0, IntxUnpackedToInt8Tensor and Int8Tensor: linear",
      .semantics = "y[m, n] = sum_k x[m, k] * (codes[n, k] - zero_point[n, k / group]) * scale[n, k / group] + bias[n]",
      .sizes = {few_rows(), intx_reduction(), few_outputs()},
      .params = std::move(params),
      .inputs = intx_inputs(),
      .outputs = {result_port()},
      .constraints = intx_constraints({{"scaling == 0 || group == K", "a sum has one scale"}}),
      .arithmetic = Arithmetic::accumulated,
      .length = "K",
      .max_code_magnitude = 255,
      .evaluate = evaluate_linear,
  };
}

}  // namespace plumb
