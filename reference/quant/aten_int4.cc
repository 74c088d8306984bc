#include "reference/quant/aten_int4.h"

#include "reference/layout/layouts.h"
#include "reference/quant/integer_codes.h"

namespace plumb {
namespace {

Port codes_port() {
  return {.name = "codes",
          .meaning = "one code an element",
          .dtype = "i32",
          .shape = "N, K",
          .fill = Fill::integers,
          .low = "0",
          .high = "15"};
}

Port packed_port() {
  return {.name = "packed",
          .meaning = "two codes of a column a byte, blocks of rows",
          .dtype = "u8",
          .shape = "N, K/2",
          .fill = Fill::bytes,
          .layouts = {"aten.int4_avx512", "aten.int4_avx2", "aten.int4_default"},
          .layout_param = "isa"};
}

Op aten_op(std::string name, std::string summary) {
  return {
      .name = std::move(name),
      .summary = std::move(summary),
      .source = "torch 2.13.0, aten::_convert_weight_to_int4pack_for_cpu",
      .semantics =
          "packed[bK/2 + k h + j] = codes[b + j, k] | codes[b + j + h, k] << 4 in whole blocks of avx512 and "
          "avx2, else codes[b + 2j, k] | codes[b + 2j + 1, k] << 4; block of 2h rows from row b on",
      .sizes = {{"N", "rows of the weight", {16, 32, 48, 64, 80, 96, 112, 128, 176, 240}},
                {"K", "codes of a row", {2, 4, 6, 14, 16, 18, 30, 32, 34, 62, 64, 66, 130, 258}}},
      .params = {{"isa",
                  "instruction set that ATen packs for",
                  Param::Kind::choice,
                  {0, 1, 2},
                  std::nullopt,
                  {"avx512", "avx2", "default"}}},
      .inputs = {},
      .outputs = {},
      .constraints = {{"N % 16 == 0", "ATen works on 16 rows at a time"}, {"K % 2 == 0", "required by ATen"}},
      .evaluate = {},
  };
}

}  // namespace

Op pack_aten_int4() {
  Op op = aten_op("pack_aten_int4", "packs 4-bit codes for ATen's CPU matrix multiplication");
  op.inputs = {codes_port()};
  op.outputs = {packed_port()};
  op.evaluate = [](const Problem& problem) {
    const Layout& layout = layout_of(packed_port(), problem.signature);
    return prescribed(elements(DType::u8, pack_integers(layout, extent_of(problem.signature), problem.inputs[0])));
  };
  return op;
}

Op unpack_aten_int4() {
  Op op = aten_op("unpack_aten_int4", "unpacks 4-bit codes packed for ATen's CPU matrix multiplication");
  op.inputs = {packed_port()};
  op.outputs = {codes_port()};
  op.evaluate = [](const Problem& problem) {
    const Layout& layout = layout_of(packed_port(), problem.signature);
    return prescribed(unpack_integers(layout, extent_of(problem.signature), problem.inputs[0]));
  };
  return op;
}

}  // namespace plumb
