#include "reference/quant/aligned_rows.h"

#include "reference/kernel/ports.h"
#include "reference/quant/integer_codes.h"

namespace plumb {
namespace {

Param alignment() {
  return {"align", "rows are padded to a multiple of this", Param::Kind::integer, {1, 2, 3, 4, 8, 16}, 4};
}

std::int64_t aligned(std::int64_t width, std::int64_t align) { return (width + align - 1) / align * align; }

Answer evaluate_align(const Problem& problem) {
  const Signature& signature = problem.signature;
  const std::int64_t columns = signature["K"], width = aligned(columns, signature["align"]);
  std::vector<double> value(static_cast<std::size_t>(signature["M"] * width));
  for (std::int64_t m = 0; m < signature["M"]; ++m) {
    for (std::int64_t k = 0; k < columns; ++k) {
      value[static_cast<std::size_t>(m * width + k)] = problem.inputs[0].at(m * columns + k);
    }
  }
  return prescribed(std::move(value));
}

Answer evaluate_transpose(const Problem& problem) {
  const Signature& signature = problem.signature;
  const std::int64_t rows = signature["N"], groups = signature["G"], width = aligned(rows, signature["align"]);
  std::vector<double> value(static_cast<std::size_t>(groups * width));
  for (std::int64_t n = 0; n < rows; ++n) {
    for (std::int64_t g = 0; g < groups; ++g) {
      value[static_cast<std::size_t>(g * width + n)] = problem.inputs[0].at(n * groups + g);
    }
  }
  return prescribed(std::move(value));
}

}  // namespace

Op align_width() {
  return {
      .name = "align_width",
      .summary = "pads rows with zeros to a multiple of a width",
      .source = "ExecuTorch 1.5.1, backends/vulkan/utils.py: align_width_and_update_state_dict",
      .semantics = "aligned[..., k] = x[..., k] for k < K, else 0",
      .sizes = {{"M", "rows", {1, 2, 3, 6, 8, 33}},
                {"K", "columns", {1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 31, 33, 63, 64, 65, 129, 1024}}},
      .params = {alignment(),
                 float_param("x", "element type of x and aligned", {DType::f32, DType::f16, DType::bf16}),
                 {"lead", "rank of x, less one", Param::Kind::integer, {0, 1, 2}, 1}},
      .inputs = {{.name = "x", .meaning = "scales or a bias", .dtype = "x", .shape = "M..., K", .fill = Fill::scale}},
      .outputs =
          {{.name = "aligned", .meaning = "x with wider rows", .dtype = "x", .shape = "M..., ceil_to(K, align)"}},
      .constraints = {{"align > 0", "rows are padded to a multiple of it"},
                      {"lead > 0 || M == 1", "a tensor of rank 1 is one row"}},
      .arithmetic = Arithmetic::prescribed,
      .evaluate = evaluate_align,
  };
}

Op transpose_scales_aligned() {
  return {
      .name = "transpose_scales_aligned",
      .summary = "transposes group scales and pads the rows with zeros",
      .source =
          "ExecuTorch 1.5.1, backends/vulkan/patterns/quantized_linear.py, with utils.py: "
          "align_width_and_update_state_dict",
      .semantics = "transposed[g, n] = scales[n, g] for n < N, else 0",
      .sizes = {{"N", "rows of the weight", {1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 31, 33, 64, 130}},
                {"G", "groups of a row", {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33}}},
      .params = {alignment(), float_param("scale", "element type of scales", {DType::f32, DType::f16, DType::bf16})},
      .inputs = {{.name = "scales", .meaning = "row by row", .dtype = "scale", .shape = "N, G", .fill = Fill::scale}},
      .outputs =
          {{.name = "transposed", .meaning = "group by group", .dtype = "scale", .shape = "G, ceil_to(N, align)"}},
      .constraints = {{"align > 0", "rows are padded to a multiple of it"}},
      .arithmetic = Arithmetic::prescribed,
      .evaluate = evaluate_transpose,
  };
}

}  // namespace plumb
