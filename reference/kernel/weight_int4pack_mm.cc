#include "reference/kernel/weight_int4pack_mm.h"

#include "reference/kernel/grouped_linear.h"
#include "reference/kernel/ports.h"

namespace plumb {
namespace {

enum Input : std::size_t { kX, kPacked, kScaleAndZeros, kBias, kActPreScale };

// Every second element, from the first or the second on: [G, N, 2] to [G, N].
Tensor every_second(const Tensor& pairs, std::int64_t first) {
  Tensor half(pairs.dtype(), {pairs.shape()[0], pairs.shape()[1]});
  for (std::int64_t i = 0; i < half.size(); ++i) half.set(i, pairs.at(2 * i + first));
  return half;
}

Answer evaluate_mm(const Problem& problem) {
  const Signature& signature = problem.signature;
  const Extent extent = extent_of(signature);
  const std::int64_t groups = extent.columns / signature["group"];
  const auto values = [&](std::int64_t first) {
    return by_group(every_second(problem.inputs[kScaleAndZeros], first), extent.rows, groups, Order::groups_first);
  };
  const Layout& layout = layout_of(weight_int4pack_mm().inputs[kPacked], signature);
  return evaluate(
      GroupedLinear{.x = pre_scaled(problem.inputs[kX], problem.inputs[kActPreScale], signature["M"], extent.columns),
                    .code = codes_of(layout.name, extent, problem.inputs[kPacked]),
                    .zero = GroupedLinear::Matrix::Constant(extent.rows, groups, 8),
                    .scale = values(0),
                    .added = values(1),
                    .bias = row_of(problem.inputs[kBias]),
                    .group = signature["group"],
                    .rounds_before_bias = true});
}

}  // namespace

Op weight_int4pack_mm() {
  return {
      .name = "weight_int4pack_mm",
      .summary = "ATen's matrix multiplication with packed 4-bit weights on a CPU, scale and zero after it",
      .source = "aten/src/ATen/native/LinearAlgebra.cpp: _weight_int4pack_mm_cpu (torch 2.13.0)",
      .semantics =
          "y[m, n] = sum_k R(x[m, k] * act_pre_scale[k]) * ((code[n, k] - 8) * scale_and_zeros[k / group, n, 0] + "
          "scale_and_zeros[k / group, n, 1]), rounded, + bias[n], rounded",
      .sizes = {rows_of_activation(), reduction({32, 64, 96, 128, 192, 256, 512, 1024}),
                outputs_of({16, 32, 48, 64, 80, 112, 128, 144})},
      .params = {{"group", "elements of K that share a scale", Param::Kind::integer, {32, 64, 128, 256}, 32},
                 float_param("x", "element type of all floating-point tensors", {DType::f32, DType::f16, DType::bf16}),
                 choice_param("isa", "instruction set that ATen packed for", {"avx512", "avx2", "default"}),
                 flag_param("bias", "bias is added"),
                 flag_param("act_pre_scale", "columns of x are scaled first"),
                 lead_param()},
      .inputs = {activation_port(),
                 {.name = "packed",
                  .meaning = "packed codes",
                  .dtype = "u8",
                  .shape = "N, K/2",
                  .role = Role::constant,
                  .fill = Fill::codes,
                  .layouts = {"aten.int4_avx512", "aten.int4_avx2", "aten.int4_default"},
                  .layout_param = "isa"},
                 constant_port("scale_and_zeros", "scale of each group and what is added to scaled codes", "x",
                               "K/group, N, 2", Fill::scale),
                 optional_port(constant_port("bias", "added to every row", "x", "N", Fill::bias)),
                 optional_port(constant_port("act_pre_scale", "factor of each column of x", "x", "K", Fill::factor))},
      .outputs = {result_port()},
      .constraints = {{"K >= 1 && N >= 1", "there is something to multiply"},
                      {"N % 16 == 0 && K % 2 == 0", "what ATen packs"},
                      {"group == 32 || group == 64 || group == 128 || group == 256", "groups that ATen has"},
                      {"K % group == 0", "groups divide the reduction"}},
      .arithmetic = Arithmetic::accumulated,
      .length = "K",
      .max_code_magnitude = 16,
      .evaluate = evaluate_mm,
  };
}

}  // namespace plumb
