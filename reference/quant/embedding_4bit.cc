#include "reference/quant/embedding_4bit.h"

#include "reference/layout/layouts.h"
#include "reference/quant/affine_blocks.h"
#include "reference/quant/torch_arithmetic.h"

namespace plumb {
namespace {

enum Input : std::size_t { kWeight, kScales, kZeroPoints, kIndices };

Answer evaluate(const Problem& problem) {
  const Signature& signature = problem.signature;
  const std::int64_t columns = signature["K"], group = signature["group"], groups = columns / group;
  const std::vector<int> codes =
      unpack(layout_named("et_vk.q4_even_high"), extent_of(signature), problem.inputs[kWeight].codes());
  const Tensor& zero_points = problem.inputs[kZeroPoints];
  const TorchArithmetic type(problem.inputs[kScales].dtype());
  Expected expected;
  for (std::int64_t m = 0; m < signature["M"]; ++m) {
    const auto row = static_cast<std::int64_t>(problem.inputs[kIndices].at(m));
    for (std::int64_t k = 0; k < columns; ++k) {
      const std::int64_t place = row * groups + k / group;
      double value = codes[static_cast<std::size_t>(row * columns + k)];
      if (zero_points.present()) value = type.sub(value, zero_points.at(place));
      expected.value.push_back(type.mul(value, problem.inputs[kScales].at(place)));
    }
  }
  return {std::move(expected)};
}

std::vector<Port> inputs() {
  return {
      {.name = "weight",
       .meaning = "packed table",
       .dtype = "u8",
       .shape = "N, K/2",
       .fill = Fill::codes,
       .layouts = {"et_vk.q4_even_high"}},
      {.name = "weight_scales", .meaning = "one a group", .dtype = "scale", .shape = "N, K/group", .fill = Fill::scale},
      {.name = "weight_zero_points",
       .meaning = "one a group, within the range of codes",
       .dtype = "scale",
       .shape = "N, K/group",
       .fill = Fill::integers,
       .low = "-8",
       .high = "7",
       .present_if = "zero_point"},
      {.name = "indices",
       .meaning = "rows to look up",
       .dtype = "index",
       .shape = "M...",
       .fill = Fill::index,
       .low = "0",
       .high = "N - 1"}};
}

}  // namespace

Op embedding_4bit() {
  return {
      .name = "embedding_4bit",
      .summary = "embedding lookup in a 4-bit table, with a zero point or without",
      .source = "ExecuTorch 1.5.1, quantized_decomposed.embedding_4bit.dtype",
      .semantics =
          "y[..., k] = (nibble[indices[...], k] - 8 - zero_point) * scale, both of row indices[...] and group k / "
          "group; "
          "even columns in high nibbles",
      .sizes = {{"M", "number of indices", {1, 2, 3, 5, 8, 17}},
                {"N", "rows of the table", {1, 2, 3, 7, 33}},
                {"K", "columns of the table", {2, 6, 8, 14, 16, 30, 32, 34, 64, 66, 96, 128, 256}}},
      .params = {{"group", "columns of a group", Param::Kind::integer, {1, 2, 3, 7, 8, 16, 32, 64, 128}, {}},
                 {"zero_point", "zero points are given", Param::Kind::flag, {0, 1}, 1},
                 dtype_param("scale", "element type of scales, zero points and y",
                             {DType::f32, DType::f16, DType::bf16}),
                 dtype_param("index", "element type of indices", {DType::i64, DType::i32}),
                 {"lead", "rank of indices", Param::Kind::integer, {0, 1, 2, 3}, 1}},
      .inputs = inputs(),
      .outputs = {{.name = "y", .meaning = "looked-up rows", .dtype = "scale", .shape = "M..., K"}},
      .constraints = {{"K >= 1 && N >= 1", "the table is not empty"},
                      {"K % 2 == 0", "two codes fill a byte"},
                      {"group >= 1", "a group has at least one element"},
                      {"K % group == 0", "groups divide the columns"},
                      {"lead > 0 || M == 1", "a scalar index is one index"}},
      .evaluate = evaluate,
  };
}

}  // namespace plumb
