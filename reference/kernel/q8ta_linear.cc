#include "reference/kernel/q8ta_linear.h"

#include "reference/kernel/q8ta_codes.h"

namespace plumb {
namespace {

Answer evaluate_linear(const Problem& problem) {
  static const Op op = q8ta_linear();
  return {Q8taLayer(op, problem, matrix_of(problem.inputs[0], problem.signature["M"], problem.signature["K"])).codes()};
}

}  // namespace

Op q8ta_linear() {
  Port weights = constant_port("weights", "codes", "i8", "N, K", Fill::integers);
  weights.least_shown = kLeastShownOfCodes;
  Port sums = constant_port("weight_sums", "sums of the codes of each row", "i32", "ceil_to(N, 4)", Fill::code_sums);
  sums.low = "-128 * K";
  sums.high = "128 * K";
  return {
      .name = "q8ta_linear",
      .summary = "linear layer from an int8 activation to an int8 activation, 8-bit weights with a scale for each row",
      .source = "ExecuTorch 1.5.1, backends/vulkan/custom_ops_lib.py: et_vk::q8ta_linear, q8ta_linear_gemv",
      .semantics =
          "y[m, n] = clamp(rne((input_scale * weight_scales[n] * (sum_k x[m, k] * weights[n, k] - input_zp * "
          "weight_sums[n]) + bias[n]) / output_scale) + output_zp, -128, 127)",
      .sizes = {rows_of_activation(), reduction({1, 3, 4, 7, 8, 16, 32, 33, 64, 96, 128, 320, 512}), outputs()},
      .params = {choice_param("activation", "what is applied before the result is quantised", {"none", "relu"}),
                 flag_param("bias", "bias is added"), lead_param()},
      .inputs = {{.name = "x",
                  .meaning = "activation",
                  .dtype = "i8",
                  .shape = "M..., K",
                  .fill = Fill::integers,
                  .least_shown = kLeastShownOfCodes},
                 tensor_scale_port("input_scale", "scale of x", Fill::scale),
                 tensor_zero_point_port("input_zp", "zero point of x"),
                 std::move(weights),
                 std::move(sums),
                 constant_port("weight_scales", "scale of each row", "f32", "N", Fill::scale),
                 tensor_scale_port("output_scale", "scale of y", Fill::result_scale),
                 tensor_zero_point_port("output_zp", "zero point of y"),
                 optional_port(constant_port("bias", "added to every row", "f32", "ceil_to(N, 4)", Fill::bias))},
      .outputs = {{.name = "y", .meaning = "result", .dtype = "i8", .shape = "M..., N"}},
      .constraints = {{"K >= 1 && N >= 1", "there is something to multiply"},
                      {"K <= 65536", "a sum of products has 32 bits"}},
      .left_open = "the order of sums, and roundings in f32",
      .products = "K",
      .evaluate = evaluate_linear,
  };
}

}  // namespace plumb
