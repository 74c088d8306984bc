#include "reference/quant/plain_int4.h"

#include "reference/layout/layouts.h"
#include "reference/quant/integer_codes.h"

namespace plumb {
namespace {

const char* const kPlainInt32 = "torchao 0.18.0, Int4PlainInt32Tensor.from_hp: qdata (XPU; signed: NPU)";
const char* const kPlainInt4 = "torchao 0.18.0, Int4Tensor.from_hp: qdata (pack_int4 of mslk 1.1.0)";

Size rows() { return {"N", "rows of the weight", {1, 2, 3, 5, 17}}; }

Param signed_flag() {
  return {
      "signed", "codes are -8 … 7 in two's complement (NPU) rather than 0 … 15 (XPU)", Param::Kind::flag, {0, 1}, 0};
}

Param container() {
  return {"container",
          "element type of the packed bytes",
          Param::Kind::dtype,
          {static_cast<std::int64_t>(DType::i8), static_cast<std::int64_t>(DType::u8)},
          static_cast<std::int64_t>(DType::i8)};
}

// A description that packing and unpacking share, but for what goes in and what comes out.
Op int32_op(std::string name) {
  return {
      .name = std::move(name),
      .summary = {},
      .source = kPlainInt32,
      .semantics = "words[n, w] = sum over i = 0 … 7 of (codes[n, 8w + i] & 15) << 4i",
      .sizes = {rows(), {"K", "codes of a row", {8, 16, 24, 32, 40, 64, 72, 120, 128, 136, 264, 1032}}},
      .params = {signed_flag()},
      .inputs = {},
      .outputs = {},
      .constraints = {{"K % 8 == 0", "eight codes fill a word"}},
      .evaluate = {},
  };
}

Op int4_op(std::string name) {
  return {
      .name = std::move(name),
      .summary = {},
      .source = kPlainInt4,
      .semantics = "packed[n, j] = (codes[n, 2j] & 15) | (codes[n, 2j + 1] & 15) << 4",
      .sizes = {rows(), {"K", "codes of a row", {2, 4, 6, 14, 16, 18, 30, 34, 64, 66, 126, 130, 258, 1026}}},
      .params = {container()},
      .inputs = {},
      .outputs = {},
      .constraints = {{"K % 2 == 0", "two codes fill a byte"}},
      .evaluate = {},
  };
}

Port words_port() {
  return {.name = "words",
          .meaning = "eight codes a word, the first in the lowest bits",
          .dtype = "i32",
          .shape = "N, K/8",
          .fill = Fill::integers,
          .layouts = {"torchao.plain_int32", "torchao.plain_int32_signed"},
          .layout_param = "signed"};
}

Port bytes_port() {
  return {.name = "packed",
          .meaning = "two codes a byte, the even column in the low nibble",
          .dtype = "container",
          .shape = "N, K/2",
          .fill = Fill::bytes,
          .layouts = {"torchao.int4_plain"}};
}

}  // namespace

Op pack_plain_int32() {
  Op op = int32_op("pack_plain_int32");
  op.summary = "packs 4-bit codes, eight to a 32-bit word";
  op.inputs = {{.name = "codes",
                .meaning = "one code an element",
                .dtype = "i32",
                .shape = "N, K",
                .fill = Fill::integers,
                .low = "-8 * signed",
                .high = "15 - 8 * signed"}};
  op.outputs = {words_port()};
  op.evaluate = [](const Problem& problem) {
    const Layout& layout = layout_of(words_port(), problem.signature);
    return prescribed(elements(DType::i32, pack_integers(layout, extent_of(problem.signature), problem.inputs[0])));
  };
  return op;
}

Op unpack_plain_int32() {
  Op op = int32_op("unpack_plain_int32");
  op.summary = "unpacks 4-bit codes, eight to a 32-bit word";
  op.inputs = {words_port()};
  op.outputs = {{.name = "codes", .meaning = "one code an element", .dtype = "i32", .shape = "N, K"}};
  op.evaluate = [](const Problem& problem) {
    const Layout& layout = layout_of(words_port(), problem.signature);
    return prescribed(unpack_integers(layout, extent_of(problem.signature), problem.inputs[0]));
  };
  return op;
}

Op pack_plain_int4() {
  Op op = int4_op("pack_plain_int4");
  op.summary = "packs signed 4-bit codes, two a byte";
  op.inputs = {{.name = "codes",
                .meaning = "one code an element",
                .dtype = "i8",
                .shape = "N, K",
                .fill = Fill::integers,
                .low = "-8",
                .high = "7"}};
  op.outputs = {bytes_port()};
  op.evaluate = [](const Problem& problem) {
    const auto container = static_cast<DType>(problem.signature["container"]);
    return prescribed(elements(
        container, pack_integers(layout_named("torchao.int4_plain"), extent_of(problem.signature), problem.inputs[0])));
  };
  return op;
}

Op unpack_plain_int4() {
  Op op = int4_op("unpack_plain_int4");
  op.summary = "unpacks signed 4-bit codes, two a byte";
  op.inputs = {bytes_port()};
  op.outputs = {{.name = "codes", .meaning = "one code an element", .dtype = "i8", .shape = "N, K"}};
  op.evaluate = [](const Problem& problem) {
    return prescribed(
        unpack_integers(layout_named("torchao.int4_plain"), extent_of(problem.signature), problem.inputs[0]));
  };
  return op;
}

}  // namespace plumb
