#include "reference/quant/group_sums.h"

#include "reference/quant/integer_codes.h"

namespace plumb {
namespace {

Answer evaluate(const Problem& problem) {
  const Signature& signature = problem.signature;
  const std::int64_t rows = signature["N"], columns = signature["K"], group = signature["group"];
  const std::int64_t padded_rows = (rows + 7) / 8 * 8;
  std::vector<double> value(static_cast<std::size_t>(columns / group * padded_rows));
  for (std::int64_t n = 0; n < rows; ++n) {
    for (std::int64_t k = 0; k < columns; ++k) {
      value[static_cast<std::size_t>(k / group * padded_rows + n)] += problem.inputs[0].at(n * columns + k);
    }
  }
  return prescribed(std::move(value));
}

}  // namespace

Op group_sums() {
  return {
      .name = "group_sums",
      .summary = "sums a weight's codes over each group",
      .source = "ExecuTorch 1.5.1, backends/vulkan/patterns/quantized_linear.py: compute_per_group_sums",
      .semantics = "sums[g, n] = sum over k of group g of codes[n, k]; 0 for n beyond N",
      .sizes = {{"N", "rows", {1, 2, 3, 7, 8, 9, 16, 17, 33}},
                {"K", "columns", {1, 4, 8, 12, 15, 16, 18, 32, 36, 48, 64, 66, 96, 128, 130, 256, 512}}},
      .params = {{"group",
                  "columns that share a scale",
                  Param::Kind::integer,
                  {1, 3, 4, 5, 8, 12, 16, 18, 32, 33, 48, 64, 65, 128, 256},
                  std::nullopt}},
      .inputs =
          {{.name = "codes", .meaning = "one code an element", .dtype = "i8", .shape = "N, K", .fill = Fill::integers}},
      .outputs = {{.name = "sums",
                   .meaning = "one sum for each group of each row",
                   .dtype = "i32",
                   .shape = "K/group, ceil_to(N, 8)"}},
      .constraints = {{"group > 0", "a group has a size"}, {"K % group == 0", "groups divide the columns"}},
      .arithmetic = Arithmetic::prescribed,
      .evaluate = evaluate,
  };
}

}  // namespace plumb
