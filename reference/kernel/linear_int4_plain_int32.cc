#include "reference/kernel/linear_int4_plain_int32.h"

#include "reference/kernel/grouped_linear.h"
#include "reference/kernel/ports.h"

namespace plumb {
namespace {

enum Input : std::size_t { kX, kWords, kScale, kZeroPoint, kBias, kActPreScale };

Answer evaluate_linear(const Problem& problem) {
  const Signature& signature = problem.signature;
  const Extent extent = extent_of(signature);
  const bool npu = signature["device"] != 0;
  const double sign = signature["offset"] != 0 ? -1 : 1;
  const std::int64_t groups = extent.columns / signature["group"];
  return evaluate(GroupedLinear{
      .x = pre_scaled(problem.inputs[kX], problem.inputs[kActPreScale], signature["M"], extent.columns),
      .code = codes_of(npu ? "torchao.plain_int32_signed" : "torchao.plain_int32", extent, problem.inputs[kWords]),
      .zero = sign * by_group(problem.inputs[kZeroPoint], extent.rows, groups, Order::groups_first),
      .scale = by_group(problem.inputs[kScale], extent.rows, groups, Order::groups_first),
      .bias = row_of(problem.inputs[kBias]),
      .group = signature["group"],
      .rounds_before_bias = !npu});
}

}  // namespace

Op linear_int4_plain_int32() {
  return {
      .name = "linear_int4_plain_int32",
      .summary = "linear layer, asymmetric 4-bit group-scaled weights, eight codes to a word",
      .source =
          "torchao 0.18.0, quantization/quantize_/workflows/int4/int4_plain_int32_tensor.py: linear on XPU and NPU",
      .semantics =
          "y[m, n] = sum_k R(x[m, k] * act_pre_scale[k]) * (code[n, k] - zero_point[k / group, n]) * "
          "scale[k / group, n] + bias[n]; on xpu rounded before the bias and after",
      .sizes = {rows_of_activation(), reduction({8, 16, 24, 32, 40, 64, 96, 120, 128, 256, 384, 1024}), outputs()},
      .params = {group_param({4, 8, 12, 16, 32, 40, 64, 128, 256}),
                 float_param("x", "element type of x, scale, bias, act_pre_scale and y", {DType::bf16, DType::f16}),
                 choice_param("device", "whose format it is", {"xpu", "npu"}),
                 float_param("zero", "element type of zero_point", {DType::i8, DType::bf16, DType::f16}),
                 choice_param("offset", "what is done with the zero point", {"subtracted", "added"}),
                 flag_param("bias", "bias is added"), flag_param("act_pre_scale", "columns of x are scaled first"),
                 lead_param()},
      .inputs = {activation_port(),
                 {.name = "qdata",
                  .meaning = "packed codes",
                  .dtype = "i32",
                  .shape = "N, K/8",
                  .role = Role::constant,
                  .fill = Fill::bytes,
                  .layouts = {"torchao.plain_int32", "torchao.plain_int32_signed"},
                  .layout_param = "device"},
                 constant_port("scale", "scale of each group, transposed", "x", "K/group, N", Fill::scale),
                 {.name = "zero_point",
                  .meaning = "zero point of each group, transposed",
                  .dtype = "zero",
                  .shape = "K/group, N",
                  .role = Role::constant,
                  .fill = Fill::integers,
                  .low = "0 - 8 * device",
                  .high = "15 - 8 * device"},
                 optional_port(constant_port("bias", "added to every row", "x", "N", Fill::bias)),
                 optional_port(constant_port("act_pre_scale", "factor of each column of x", "x", "K", Fill::factor))},
      .outputs = {result_port()},
      .constraints = {{"K >= 1 && N >= 1", "there is something to multiply"},
                      {"K % 8 == 0", "eight codes fill a word"},
                      {"group >= 1", "a group has at least one element"},
                      {"K % group == 0", "groups divide the reduction"},
                      {"zero == 2 || (zero == x && device == 1)", "zero points are i8 on xpu, and of x's type on npu"},
                      {"offset == 0 || device == 1", "what adds zero points is the NPU"}},
      .arithmetic = Arithmetic::accumulated,
      .length = "K",
      .max_code_magnitude = 16,
      .evaluate = evaluate_linear,
  };
}

}  // namespace plumb
