#include "reference/kernel/linear_weight_gradient.h"

#include "reference/kernel/grouped_linear.h"
#include "reference/kernel/ports.h"

namespace plumb {
namespace {

enum Input : std::size_t { kGradient, kX };

// A linear layer whose activation is d_out transposed, [N, M], and whose weight is x transposed, [K, M].
Answer evaluate_gradient(const Problem& problem) {
  const std::int64_t rows = problem.signature["M"], columns = problem.signature["K"];
  const GroupedLinear::Matrix weight = matrix_of(problem.inputs[kX], rows, columns).transpose();
  return evaluate(GroupedLinear{.x = matrix_of(problem.inputs[kGradient], rows, problem.signature["N"]).transpose(),
                                .code = weight,
                                .scale = GroupedLinear::Matrix::Ones(weight.rows(), 1),
                                .bias = {},
                                .group = rows});
}

}  // namespace

Op linear_weight_gradient() {
  return {
      .name = "linear_weight_gradient",
      .summary = "gradient of a linear layer with respect to its weight",
      .source = "ExecuTorch 1.5.1, backends/vulkan/custom_ops_lib.py: et_vk::linear_dW",
      .semantics = "d_w[n, k] = sum_m d_out[m, n] * x[m, k]",
      .sizes = {{"M", "rows of activation, the reduction", {1, 2, 3, 8, 17, 64, 257}},
                outputs_of({1, 3, 4, 5, 17, 33, 65}),
                {"K", "columns of the weight", {1, 3, 8, 31, 33, 64, 129, 300}}},
      .params = {float_param("x", "element type of d_out, x and d_w", {DType::f32, DType::f16}), lead_param()},
      .inputs = {{.name = "d_out",
                  .meaning = "gradient of the output",
                  .dtype = "x",
                  .shape = "M..., N",
                  .fill = Fill::factor},
                 activation_port()},
      .outputs = {{.name = "d_w", .meaning = "gradient of the weight", .dtype = "x", .shape = "N, K"}},
      .constraints = {{"M >= 1 && K >= 1 && N >= 1", "there is something to multiply"}},
      .arithmetic = Arithmetic::accumulated,
      .length = "M",
      .max_code_magnitude = 1,
      .evaluate = evaluate_gradient,
  };
}

}  // namespace plumb
