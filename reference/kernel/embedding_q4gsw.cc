#include "reference/kernel/embedding_q4gsw.h"

#include <cmath>

#include "reference/kernel/ports.h"

namespace plumb {
namespace {

enum Input : std::size_t { kWeight, kScales, kIndices };

Answer evaluate(const Problem& problem) {
  const Signature& signature = problem.signature;
  const std::int64_t columns = signature["K"], group = signature["group"], groups = columns / group;
  const Layout& layout = layout_named(signature["linear"] != 0 ? "et_vk.q4_even_low" : "et_vk.q4_even_high");
  const std::vector<int> codes = unpack(layout, extent_of(signature), problem.inputs[kWeight].codes());
  Expected expected;
  for (std::int64_t m = 0; m < signature["M"]; ++m) {
    const auto row = static_cast<std::int64_t>(problem.inputs[kIndices].at(m));
    for (std::int64_t k = 0; k < columns; ++k) {
      const double code = codes[static_cast<std::size_t>(row * columns + k)];
      // Exact in double: 4 bits times at most 24. The f32 product is what an f16 output is rounded from.
      const double product = code * problem.inputs[kScales].at(row * groups + k / group);
      expected.value.push_back(product);
      expected.magnitude.push_back(std::abs(product));
      expected.peak.push_back(std::abs(product));
      expected.underflow.push_back(std::abs(code));  // a flushed scale is multiplied by the code
    }
  }
  return {std::move(expected)};
}

}  // namespace

Op embedding_q4gsw() {
  return {
      .name = "embedding_q4gsw",
      .summary = "embedding lookup, 4-bit symmetric group-scaled table",
      .source = "ExecuTorch 1.5.1, backends/vulkan/custom_ops_lib.py: et_vk::embedding_q4gsw",
      .semantics = "y[..., k] = (nibble[indices[...], k] - 8) * weight_scales[indices[...], k / group]",
      .sizes = {{"M", "number of indices", {1, 2, 3, 5, 6, 8, 17}},
                {"N", "rows of the table", {1, 2, 3, 7, 16, 33, 64}},
                {"K", "columns of the table", {2, 4, 6, 8, 14, 16, 18, 30, 32, 34, 48, 62, 64, 66, 96, 128, 256, 512}}},
      .params =
          {{"group",
            "columns that share a scale",
            Param::Kind::integer,
            {1, 2, 3, 4, 7, 8, 16, 32, 48, 64, 128},
            std::nullopt},
           {"linear", "low nibble is the even column (a table shared with a linear)", Param::Kind::flag, {0, 1}, 0},
           float_param("scale", "element type of weight_scales", {DType::f32, DType::f16, DType::bf16}),
           float_param("index", "element type of indices", {DType::i64, DType::i32}),
           float_param("out", "element type of y", {DType::f32, DType::f16}),
           {"lead", "rank of indices", Param::Kind::integer, {0, 1, 2, 3}, 1}},
      .inputs = {{.name = "weight",
                  .meaning = "packed table",
                  .dtype = "u8",
                  .shape = "N, K/2",
                  .role = Role::constant,
                  .fill = Fill::codes,
                  .layouts = {"et_vk.q4_even_high", "et_vk.q4_even_low"},
                  .layout_param = "linear"},
                 {.name = "weight_scales",
                  .meaning = "scale of each group",
                  .dtype = "scale",
                  .shape = "N, K/group",
                  .role = Role::constant,
                  .fill = Fill::scale,
                  .alternative_shape = "1"},
                 {.name = "indices",
                  .meaning = "rows to look up",
                  .dtype = "index",
                  .shape = "M...",
                  .fill = Fill::index,
                  .low = "0",
                  .high = "N - 1"}},
      .outputs = {{.name = "y", .meaning = "looked-up rows", .dtype = "out", .shape = "M..., K"}},
      .constraints = {{"K >= 1 && N >= 1", "the table is not empty"},
                      {"K % 2 == 0", "two codes fill a byte"},
                      {"group >= 1", "a group has at least one element"},
                      {"K % group == 0", "groups divide the columns"},
                      {"lead > 0 || M == 1", "a scalar index is one index"}},
      .arithmetic = Arithmetic::rounded_once,
      .max_code_magnitude = 8,
      .evaluate = evaluate,
  };
}

}  // namespace plumb
