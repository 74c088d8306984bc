#include "reference/quant/slice_groups.h"

#include "reference/quant/affine_blocks.h"

namespace plumb {
namespace {

// A part of a tensor [any, width].
struct Part {
  std::int64_t first_row, rows, first_column, columns;
};

Expected cut(const Tensor& from, std::int64_t width, const Part& part) {
  Expected expected;
  for (std::int64_t row = 0; row < part.rows; ++row) {
    for (std::int64_t column = 0; column < part.columns; ++column) {
      expected.value.push_back(from.at((part.first_row + row) * width + part.first_column + column));
    }
  }
  return expected;
}

Answer evaluate(const Problem& problem) {
  const Signature& s = problem.signature;
  const std::int64_t width = s["K"], group = s["block"];
  const Part codes{s["first_row"], s["rows"], s["first_column"], s["columns"]};
  const Part groups{codes.first_row, codes.rows, codes.first_column / group, codes.columns / group};
  return {cut(problem.inputs[0], width, codes), cut(problem.inputs[1], width / group, groups),
          cut(problem.inputs[2], width / group, groups)};
}

// Parts of a few rows and columns leave most of it out.
Port part_port(const char* name, const char* meaning, const char* dtype, const char* shape, Fill fill) {
  return {.name = name, .meaning = meaning, .dtype = dtype, .shape = shape, .fill = fill, .least_shown = 0.05};
}

}  // namespace

Op slice_groups() {
  const auto integer = [](const char* name, const char* meaning, std::vector<std::int64_t> values) {
    return Param{name, meaning, Param::Kind::integer, std::move(values), {}};
  };
  return {
      .name = "slice_groups",
      .summary = "cuts rows and columns out of a weight quantised in groups",
      .source = "torchao 0.18.0, intx_unpacked_to_int8_tensor.py: aten.slice.Tensor",
      .semantics =
          "codes_out[n, k] = codes[first_row + n, first_column + k], and so for the scales and zero points of the "
          "groups",
      .sizes = {{"N", "rows", {1, 2, 3, 7, 16}}, {"K", "columns", {1, 4, 7, 8, 15, 33, 64, 66, 128, 256}}},
      .params = {integer("block", "columns of a group", {1, 2, 4, 7, 8, 32, 33, 64}),
                 integer("first_row", "where the part starts", {0, 1, 2, 6}),
                 integer("rows", "rows of the part", {1, 2, 3, 7}),
                 integer("first_column", "where the part starts", {0, 1, 4, 7, 32, 64}),
                 integer("columns", "columns of the part", {1, 3, 4, 7, 8, 32, 33, 64, 128}),
                 dtype_param("scale", "element type of the scales", {DType::f32, DType::f16, DType::bf16})},
      .inputs = {part_port("codes", "one code an element", "i8", "N, K", Fill::bytes),
                 part_port("scale", "one a group", "scale", "N, K/block", Fill::number),
                 part_port("zero_point", "one a group", "i8", "N, K/block", Fill::bytes)},
      .outputs = {{.name = "codes_out", .meaning = "of the part", .dtype = "i8", .shape = "rows, columns"},
                  {.name = "scale_out", .meaning = "of the part", .dtype = "scale", .shape = "rows, columns/block"},
                  {.name = "zero_point_out", .meaning = "of the part", .dtype = "i8", .shape = "rows, columns/block"}},
      .constraints = {{"block > 0", "a group has columns"},
                      {"K % block == 0", "groups fill the columns"},
                      {"first_column % block == 0", "the part starts where a group does"},
                      {"columns % block == 0", "the part ends where a group does"},
                      {"first_row >= 0 && rows >= 0 && first_row + rows <= N", "the part's rows are there"},
                      {"first_column >= 0 && columns >= 0 && first_column + columns <= K",
                       "the part's columns are there"}},
      .evaluate = evaluate,
  };
}

}  // namespace plumb
