#include "reference/kernel/linear_q4gsw.h"

#include "reference/kernel/grouped_linear.h"
#include "reference/kernel/ports.h"

namespace plumb {
namespace {

Answer evaluate_linear(const Problem& problem) {
  const Extent extent = extent_of(problem.signature);
  const std::int64_t group = problem.signature["group"];
  return evaluate(
      GroupedLinear{.x = matrix_of(problem.inputs[0], problem.signature["M"], extent.columns),
                    .code = codes_of("et_vk.q4gsw", extent, problem.inputs[1]),
                    .scale = by_group(problem.inputs[2], extent.rows, extent.columns / group, Order::groups_first),
                    .bias = row_of(problem.inputs[3]),
                    .group = group});
}

}  // namespace

Op linear_q4gsw() {
  return {
      .name = "linear_q4gsw",
      .summary = "linear layer, 4-bit symmetric group-scaled weights",
      .source = "ExecuTorch 1.5.1, backends/vulkan/custom_ops_lib.py: et_vk::linear_q4gsw",
      .semantics = "y[m, n] = sum_k x[m, k] * (nibble[n, k] - 8) * weight_scales[k / group, n] + bias[n]",
      .sizes = {rows_of_activation(),
                reduction({7, 8, 12, 16, 32, 36, 40, 48, 64, 96, 128, 144, 192, 256, 320, 384, 512, 1024, 2048}),
                outputs()},
      .params = {group_param({4, 7, 8, 12, 16, 32, 48, 64, 96, 128, 256}),
                 float_param("x", "element type of x and y", {DType::f32, DType::f16}),
                 float_param("scale", "element type of weight_scales", {DType::f32, DType::f16, DType::bf16}),
                 flag_param("bias", "bias is added"), lead_param()},
      .inputs = {activation_port(),
                 {.name = "weights",
                  .meaning = "packed codes",
                  .dtype = "u8",
                  .shape = "N, ceil_to(K, 8)/2",
                  .role = Role::constant,
                  .fill = Fill::codes,
                  .layouts = {"et_vk.q4gsw"}},
                 constant_port("weight_scales", "scale of each group, transposed", "scale", "K/group, N", Fill::scale),
                 optional_port(constant_port("bias", "added to every row", "f32", "N", Fill::bias))},
      .outputs = {result_port()},
      .constraints = {{"K >= 1 && N >= 1", "there is something to multiply"},
                      {"group >= 1", "a group has at least one element"},
                      {"K % group == 0", "groups divide the reduction"}},
      .arithmetic = Arithmetic::accumulated,
      .length = "K",
      .max_code_magnitude = 8,
      .evaluate = evaluate_linear,
  };
}

}  // namespace plumb
