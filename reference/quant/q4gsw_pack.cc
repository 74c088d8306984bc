#include "reference/quant/q4gsw_pack.h"

#include "reference/layout/layouts.h"
#include "reference/quant/integer_codes.h"

namespace plumb {
namespace {

Answer evaluate_pack(const Problem& problem) {
  const Signature& signature = problem.signature;
  const std::int64_t rows = signature["N"], columns = signature["K"];
  const std::int64_t multiple = std::max<std::int64_t>(signature["padding"], 1);
  const std::int64_t padded = (columns + multiple - 1) / multiple * multiple;
  std::vector<int> codes(static_cast<std::size_t>(rows * padded));  // padding is code 0
  for (std::int64_t n = 0; n < rows; ++n) {
    for (std::int64_t k = 0; k < columns; ++k) {
      codes[static_cast<std::size_t>(n * padded + k)] = static_cast<int>(problem.inputs[0].at(n * columns + k));
    }
  }
  const std::vector<std::uint8_t> bytes = pack(layout_named("et_vk.q4_even_low"), {rows, padded}, codes);
  return prescribed({bytes.begin(), bytes.end()});
}

Answer evaluate_unpack(const Problem& problem) {
  const Signature& signature = problem.signature;
  const std::int64_t rows = signature["N"], padded = 2 * signature["row_bytes"], columns = signature["columns"];
  const std::vector<int> codes = unpack(layout_named("et_vk.q4_even_low"), {rows, padded}, problem.inputs[0].codes());
  std::vector<double> value;
  for (std::int64_t n = 0; n < rows; ++n) {
    for (std::int64_t k = 0; k < columns; ++k) value.push_back(codes[static_cast<std::size_t>(n * padded + k)]);
  }
  return prescribed(std::move(value));
}

Param code_type() {
  Param param{"code", "element type of codes", Param::Kind::dtype, {}, static_cast<std::int64_t>(DType::i8)};
  for (const DType dtype : {DType::i8, DType::u8, DType::i32, DType::i64}) {
    param.values.push_back(static_cast<std::int64_t>(dtype));
  }
  return param;
}

// -8, or 0 for a type without negative numbers.
constexpr const char* kLowestCode = "-8 * (code != 1)";
static_assert(static_cast<int>(DType::u8) == 1, "kLowestCode says so");

}  // namespace

Op pack_q4gsw() {
  return {
      .name = "pack_q4gsw",
      .summary = "packs signed 4-bit codes, two a byte, rows padded",
      .source = "ExecuTorch 1.5.1, backends/vulkan/patterns/weight_packing_utils.py: pack_4bit_weight_tensor",
      .semantics = "packed[n, j] = (codes[n, 2j] + 8) | (codes[n, 2j+1] + 8) << 4, with code 0 beyond K",
      .sizes = {{"N", "rows", {1, 2, 3, 5, 17, 33}},
                {"K", "columns", {1,  2,  3,  5,  6,  7,  8,   9,   15,  16,  30,
                                  33, 40, 62, 63, 64, 66, 127, 128, 130, 257, 1024}}},
      .params = {{"padding",
                  "columns are padded to a multiple of this; 0 = not padded",
                  Param::Kind::integer,
                  {0, 1, 2, 3, 4, 8, 32, 64},
                  8},
                 code_type()},
      .inputs = {{.name = "codes",
                  .meaning = "one code an element",
                  .dtype = "code",
                  .shape = "N, K",
                  .fill = Fill::integers,
                  .low = kLowestCode,
                  .high = "7",
                  .alternative_shape = "1..., N, 1..., K, 1..."}},
      .outputs = {{.name = "packed",
                   .meaning = "two codes a byte; the layout for padding = 8",
                   .dtype = "u8",
                   .shape = "N, ceil_to(K, padding + (padding == 0))/2",
                   .layouts = {"et_vk.q4gsw"}}},
      .constraints = {{"N > 0 && K > 0", "an empty tensor has no smallest and largest code to check"},
                      {"padding >= 0", "a multiple of it is wanted"},
                      {"ceil_to(K, padding + (padding == 0)) % 2 == 0", "two codes fill a byte"}},
      .arithmetic = Arithmetic::prescribed,
      .evaluate = evaluate_pack,
  };
}

Op unpack_q4gsw() {
  return {
      .name = "unpack_q4gsw",
      .summary = "unpacks signed 4-bit codes, two a byte, and drops the rows' padding",
      .source = "inverse of ExecuTorch 1.5.1's pack_4bit_weight_tensor",
      .semantics = "codes[n, k] = (packed[n, k/2] >> 4*(k%2) & 15) - 8, for k < columns",
      .sizes = {{"N", "rows", {1, 2, 3, 5, 17, 33}},
                {"row_bytes", "bytes of a packed row", {1, 2, 3, 4, 8, 12, 16, 20, 31, 32, 33, 64, 65, 132, 512}}},
      .params = {{"columns",
                  "codes of a row that are not padding",
                  Param::Kind::integer,
                  {1, 2, 3, 5, 8, 15, 16, 17, 30, 31, 33, 40, 63, 64, 65, 127, 130, 257, 1024},
                  std::nullopt}},
      .inputs = {{.name = "packed",
                  .meaning = "two codes a byte, low nibble first",
                  .dtype = "u8",
                  .shape = "N, row_bytes",
                  .fill = Fill::bytes,
                  .layouts = {"et_vk.q4_even_low"}}},
      .outputs = {{.name = "codes", .meaning = "one code an element", .dtype = "i8", .shape = "N, columns"}},
      .constraints = {{"columns >= 0 && columns <= 2 * row_bytes", "a row holds two codes a byte"}},
      .arithmetic = Arithmetic::prescribed,
      .evaluate = evaluate_unpack,
  };
}

}  // namespace plumb
