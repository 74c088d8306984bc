#include "reference/quant/weight_blocks.h"

#include "reference/layout/layouts.h"
#include "reference/quant/integer_codes.h"

namespace plumb {
namespace {

// Codes go from one layout to another.
std::vector<std::uint8_t> moved(const Problem& problem, const char* from, std::string_view to) {
  const Extent extent = extent_of(problem.signature);
  return pack(layout_named(to), extent, unpack(layout_named(from), extent, problem.inputs[0].codes()));
}

Answer evaluate_linear(const Problem& problem) {
  return prescribed(elements(DType::i32, moved(problem, "et_vk.q4_even_low", "et_vk.q4_linear_kc")));
}

Answer evaluate_w_4x8(const Problem& problem) {
  const char* to = problem.signature["order"] == 0 ? "et_vk.w_4x8_nc" : "et_vk.w_4x8_kc";
  return prescribed(elements(DType::i32, moved(problem, "et_vk.q4_even_low", to)));
}

Answer evaluate_q8(const Problem& problem) {
  return prescribed(elements(
      DType::i32, pack_integers(layout_named("et_vk.q8_nc"), extent_of(problem.signature), problem.inputs[0])));
}

Answer evaluate_transposed(const Problem& problem) {
  const std::vector<std::uint8_t> bytes = moved(problem, "et_vk.q4_even_high", "et_vk.q4_transposed");
  return prescribed({bytes.begin(), bytes.end()});
}

const Size kRows = {"N", "rows", {1, 2, 4, 5, 7, 8, 9, 12, 15, 16, 17, 33, 64}};

// What pack_q4gsw makes: rows of whole 8 columns.
Port padded_rows() {
  return {.name = "weight",
          .meaning = "as pack_q4gsw makes it",
          .dtype = "u8",
          .shape = "N, K/2",
          .fill = Fill::codes,
          .layouts = {"et_vk.q4_even_low"}};
}

const Size kPaddedColumns = {
    "K", "columns, padding included", {8, 16, 24, 32, 40, 64, 72, 120, 128, 136, 256, 264, 1032}};
const Constraint kWholeWords = {"K % 8 == 0", "pack_q4gsw pads the columns to a multiple of 8"};

}  // namespace

Op pack_q4_linear_weight() {
  return {
      .name = "pack_q4_linear_weight",
      .summary = "repacks a 4-bit weight to blocks of 4 columns x 8 rows, rows r and r + 4 together",
      .source = "ExecuTorch cff6f4dd32e6, backends/vulkan/runtime/graph/ops/glsl/pack_q4_linear_weight.glsl",
      .semantics = "packed[n8, k4, r], byte b = nibble[8 n8 + r, 4 k4 + b] | nibble[8 n8 + r + 4, 4 k4 + b] << 4",
      .sizes = {kRows, kPaddedColumns},
      .inputs = {padded_rows()},
      .outputs = {{.name = "packed",
                   .meaning = "blocks of columns innermost",
                   .dtype = "i32",
                   .shape = "ceil_div(N, 8), K/4, 4",
                   .layouts = {"et_vk.q4_linear_kc"}}},
      .constraints = {kWholeWords},
      .arithmetic = Arithmetic::prescribed,
      .evaluate = evaluate_linear,
  };
}

Op pack_w_4x8() {
  return {
      .name = "pack_w_4x8",
      .summary = "repacks a 4-bit weight to blocks of 4 columns x 8 rows, rows 2p and 2p + 1 together",
      .source = "ExecuTorch cff6f4dd32e6, backends/vulkan/runtime/graph/ops/glsl/pack_q4_linear_weight__w_4x8.glsl",
      .semantics =
          "packed[k4, n8, p] (nc) or packed[n8, k4, p] (kc), byte b = nibble[8 n8 + 2p, 4 k4 + b] | "
          "nibble[8 n8 + 2p + 1, 4 k4 + b] << 4",
      .sizes = {kRows, kPaddedColumns},
      .params = {{"order",
                  "which blocks are innermost: of rows or of columns",
                  Param::Kind::choice,
                  {0, 1},
                  0,
                  {"nc", "kc"}}},
      .inputs = {padded_rows()},
      .outputs = {{.name = "packed",
                   .meaning = "16-byte vectors in the order wanted",
                   .dtype = "i32",
                   .shape = "(order == 0)*(K/4) + (order == 1)*ceil_div(N, 8), "
                            "(order == 1)*(K/4) + (order == 0)*ceil_div(N, 8), 4",
                   .layouts = {"et_vk.w_4x8_nc", "et_vk.w_4x8_kc"},
                   .layout_param = "order"}},
      .constraints = {kWholeWords},
      .arithmetic = Arithmetic::prescribed,
      .evaluate = evaluate_w_4x8,
  };
}

Op pack_q8_linear_weight() {
  return {
      .name = "pack_q8_linear_weight",
      .summary = "repacks an 8-bit weight to blocks of 4 columns x 4 rows",
      .source = "ExecuTorch cff6f4dd32e6, backends/vulkan/runtime/graph/ops/glsl/pack_q8_linear_weight.glsl",
      .semantics = "packed[k4, n4, r], byte b = codes[4 n4 + r, 4 k4 + b]",
      .sizes = {kRows, {"K", "columns", {4, 8, 12, 16, 28, 32, 36, 64, 68, 128, 256, 260, 1028}}},
      .inputs =
          {{.name = "codes", .meaning = "one code an element", .dtype = "i8", .shape = "N, K", .fill = Fill::integers}},
      .outputs = {{.name = "packed",
                   .meaning = "blocks of rows innermost",
                   .dtype = "i32",
                   .shape = "K/4, ceil_div(N, 4), 4",
                   .layouts = {"et_vk.q8_nc"}}},
      .constraints = {{"K % 4 == 0", "four columns fill a word"}},
      .arithmetic = Arithmetic::prescribed,
      .evaluate = evaluate_q8,
  };
}

Op pack_int4_transposed() {
  return {
      .name = "pack_int4_transposed",
      .summary = "transposes a per-channel 4-bit weight, rows r and r + 4 of eight together",
      .source =
          "ExecuTorch cff6f4dd32e6, backends/vulkan/runtime/graph/ops/glsl/"
          "pack_int4_linear_weight_transposed_interleaved.glsl",
      .semantics = "packed[k, 4i + j] = nibble[8i + j, k] << 4 | nibble[8i + j + 4, k]",
      .sizes = {{"N", "rows", {8, 16, 24, 32, 40, 64, 72}},
                {"K", "columns", {2, 4, 6, 8, 10, 14, 16, 30, 32, 34, 64, 66, 128, 130, 258, 1026}}},
      .inputs = {{.name = "weight",
                  .meaning = "packed by rows, the even column in the high nibble",
                  .dtype = "u8",
                  .shape = "N, K/2",
                  .fill = Fill::codes,
                  .layouts = {"et_vk.q4_even_high"}}},
      .outputs = {{.name = "packed",
                   .meaning = "packed by columns",
                   .dtype = "u8",
                   .shape = "K, N/2",
                   .layouts = {"et_vk.q4_transposed"}}},
      .constraints = {{"N % 8 == 0", "eight rows fill a word"}, {"K % 2 == 0", "two codes fill a byte"}},
      .arithmetic = Arithmetic::prescribed,
      .evaluate = evaluate_transposed,
  };
}

}  // namespace plumb
