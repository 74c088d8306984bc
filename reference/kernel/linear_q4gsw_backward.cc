#include "reference/kernel/linear_q4gsw_backward.h"

#include "reference/kernel/grouped_linear.h"
#include "reference/kernel/ports.h"

namespace plumb {
namespace {

enum Input : std::size_t { kGradient, kWeights, kScales };

// A linear layer with the weight transposed: K outputs of N products each, no two of which share a scale.
Answer evaluate_backward(const Problem& problem) {
  const Signature& signature = problem.signature;
  const Extent extent = extent_of(signature);
  const std::int64_t group = signature["group"], groups = extent.columns / group;
  const GroupedLinear::Matrix of_groups = matrix_of(problem.inputs[kScales], groups, extent.rows);
  GroupedLinear::Matrix scale(extent.columns, extent.rows);
  for (std::int64_t g = 0; g < groups; ++g) scale.middleRows(g * group, group).rowwise() = of_groups.row(g);
  return evaluate(GroupedLinear{.x = matrix_of(problem.inputs[kGradient], signature["M"], extent.rows),
                                .code = transposed(codes_of("et_vk.q4_even_low", extent, problem.inputs[kWeights])),
                                .scale = std::move(scale),
                                .bias = {},
                                .group = 1});
}

}  // namespace

Op linear_q4gsw_backward() {
  return {
      .name = "linear_q4gsw_backward",
      .summary = "gradient of linear_q4gsw with respect to its activation",
      .source = "ExecuTorch 1.5.1, backends/vulkan/custom_ops_lib.py: et_vk::linear_q4gsw_backward",
      .semantics = "d_x[m, k] = sum_n d_out[m, n] * (nibble[n, k] - 8) * weight_scales[k / group, n]",
      .sizes = {rows_of_activation(),
                outputs_of({1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 65, 129, 300}),
                {"K", "columns of the weight", {8, 16, 24, 32, 40, 64, 96, 128, 144, 256, 512}}},
      .params = {group_param({4, 8, 16, 20, 32, 48, 64, 128}),
                 float_param("x", "element type of d_out and d_x", {DType::f32, DType::f16}),
                 float_param("scale", "element type of weight_scales", {DType::f32, DType::f16, DType::bf16}),
                 lead_param()},
      .inputs = {{.name = "d_out",
                  .meaning = "gradient of the output",
                  .dtype = "x",
                  .shape = "M..., N",
                  .fill = Fill::activation},
                 {.name = "weights",
                  .meaning = "packed codes",
                  .dtype = "u8",
                  .shape = "N, K/2",
                  .role = Role::constant,
                  .fill = Fill::codes,
                  .layouts = {"et_vk.q4_even_low"}},
                 constant_port("weight_scales", "scale of each group, transposed", "scale", "K/group, N", Fill::scale)},
      .outputs = {{.name = "d_x", .meaning = "gradient of the activation", .dtype = "x", .shape = "M..., K"}},
      .constraints = {{"K >= 1 && N >= 1", "there is something to multiply"},
                      {"K % 8 == 0", "rows of a packed weight are padded to eight columns"},
                      {"group >= 1", "a group has at least one element"},
                      {"K % group == 0", "groups divide the padded columns"}},
      .arithmetic = Arithmetic::accumulated,
      .length = "N",
      .max_code_magnitude = 8,
      .evaluate = evaluate_backward,
  };
}

}  // namespace plumb
