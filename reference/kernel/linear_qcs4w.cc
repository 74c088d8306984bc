#include "reference/kernel/linear_qcs4w.h"

#include "reference/kernel/grouped_linear.h"
#include "reference/kernel/ports.h"

namespace plumb {
namespace {

enum Input : std::size_t { kX, kWeight, kScales };

Answer evaluate_linear(const Problem& problem) {
  const Signature& signature = problem.signature;
  const Extent extent = extent_of(signature);
  const Layout& layout = layout_of(linear_qcs4w().inputs[kWeight], signature);
  return evaluate(GroupedLinear{.x = matrix_of(problem.inputs[kX], signature["M"], extent.columns),
                                .code = codes_of(layout.name, extent, problem.inputs[kWeight]),
                                .scale = by_group(problem.inputs[kScales], extent.rows, 1, Order::outputs_first),
                                .bias = {},
                                .group = extent.columns});
}

}  // namespace

Op linear_qcs4w() {
  return {
      .name = "linear_qcs4w",
      .summary = "linear layer, 4-bit weights with one scale per output",
      .source = "ExecuTorch 1.5.1, backends/vulkan/custom_ops_lib.py: et_vk::linear_qcs4w; its shader for signed codes",
      .semantics =
          "y[m, n] = sum_k x[m, k] * (nibble[n, k] - offset) * scales[n], offset 0 for unsigned codes, 8 for signed",
      .sizes = {rows_of_activation(), reduction({2, 4, 6, 8, 14, 16, 30, 32, 34, 64, 66, 96, 128, 144, 256, 510, 1024}),
                outputs()},
      .params = {float_param("x", "element type of x and y", {DType::f32, DType::f16}),
                 choice_param("codes", "what a nibble means", {"unsigned", "signed"}), lead_param()},
      .inputs = {activation_port(),
                 {.name = "weight",
                  .meaning = "packed codes",
                  .dtype = "u8",
                  .shape = "N, K/2",
                  .role = Role::constant,
                  .fill = Fill::codes,
                  .layouts = {"et_vk.u4_even_high", "et_vk.q4_even_high"},
                  .layout_param = "codes"},
                 constant_port("scales", "scale of each output", "f32", "N", Fill::scale)},
      .outputs = {result_port()},
      .constraints = {{"K >= 1 && N >= 1", "there is something to multiply"}, {"K % 2 == 0", "two codes fill a byte"}},
      .arithmetic = Arithmetic::accumulated,
      .length = "K",
      .max_code_magnitude = 15,
      .evaluate = evaluate_linear,
  };
}

}  // namespace plumb
