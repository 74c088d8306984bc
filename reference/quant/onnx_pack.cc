#include "reference/quant/onnx_pack.h"

#include "reference/layout/layouts.h"

namespace plumb {
namespace {

Param container() {
  return {"container",
          "element type of the codes: unsigned or signed",
          Param::Kind::dtype,
          {static_cast<std::int64_t>(DType::u8), static_cast<std::int64_t>(DType::i8)},
          static_cast<std::int64_t>(DType::u8)};
}

// u8 is 1 and i8 is 2.
const char* const kLow = "8 - 8 * container";
const char* const kHigh = "23 - 8 * container";

// Stored 4-bit codes as bytes, low nibble first.
std::vector<std::uint8_t> bytes_of(const std::vector<int>& stored) {
  return pack(layout_named("nncf.u4"), {1, static_cast<std::int64_t>(stored.size())}, stored);
}

Answer evaluate_4bit(const Problem& problem) {
  const Tensor& codes = problem.inputs[0];
  std::vector<int> stored;
  for (const std::uint8_t code : codes.codes()) stored.push_back(code & 15);
  std::vector<double> value;
  for (const std::uint8_t byte : bytes_of(stored)) {
    value.push_back(codes.dtype() == DType::i8 ? static_cast<std::int8_t>(byte) : byte);
  }
  return {{std::move(value), {}, {}, {}}};
}

Answer evaluate_blocks(const Problem& problem) {
  const Tensor& weight = problem.inputs[0];
  const Signature& s = problem.signature;
  const std::int64_t rows = s["K"], columns = s["N"], block = s["block"];
  const int offset = weight.dtype() == DType::i8 ? 8 : 0;
  std::vector<int> stored;
  for (std::int64_t n = 0; n < columns; ++n) {
    for (std::int64_t first = 0; first < rows; first += block) {
      for (std::int64_t k = first; k < first + block; ++k) {
        stored.push_back(k < rows ? static_cast<int>(weight.at(k * columns + n)) + offset : 0);
      }
      if (block % 2 == 1) stored.push_back(0);
    }
  }
  const std::vector<std::uint8_t> bytes = bytes_of(stored);
  return {{std::vector<double>(bytes.begin(), bytes.end()), {}, {}, {}}};
}

}  // namespace

Op onnx_pack_4bit() {
  return {
      .name = "onnx_pack_4bit",
      .summary = "packs 4-bit codes for ONNX, two a byte, signed ones in two's complement",
      .source = "NNCF 3.4.0, nncf/onnx/graph/onnx_helper.py: pack_4_bits",
      .semantics = "packed[i, 0] = codes[2i] & 15 | codes[2i+1] << 4, codes in flat order and in range",
      .sizes = {{"n",
                 "number of codes",
                 {2, 4, 14, 16, 18, 30, 32, 34, 62, 64, 66, 126, 128, 130, 256, 258, 1022, 4098}}},
      .params = {container(),
                 {"lead", "number of dimensions the codes are spread over", Param::Kind::integer, {1, 2, 3}, 1}},
      .inputs = {{.name = "codes",
                  .meaning = "one code a byte",
                  .dtype = "container",
                  .shape = "n...",
                  .fill = Fill::integers,
                  .low = kLow,
                  .high = kHigh}},
      .outputs = {{.name = "packed",
                   .meaning = "two codes a byte",
                   .dtype = "container",
                   .shape = "n/2, 1",
                   .layouts = {"nncf.u4"}}},
      .constraints = {{"n % 2 == 0", "two codes fill a byte"}},
      .arithmetic = Arithmetic::prescribed,
      .max_code_magnitude = 0,
      .evaluate = evaluate_4bit,
  };
}

Op onnx_pack_int4_blocks() {
  return {
      .name = "onnx_pack_int4_blocks",
      .summary = "packs a 4-bit weight in blocks along K for ONNX's MatMulNBits",
      .source = "NNCF 3.4.0, nncf/onnx/graph/onnx_helper.py: pack_int4_to_uint8",
      .semantics =
          "packed[n, b, j] = q(b*block + 2j) | q(b*block + 2j + 1) << 4 with q(k) = codes[k, n] (+ 8 if signed), "
          "0 beyond the block or K",
      .sizes = {{"K", "reduction size", {1, 5, 8, 9, 16, 33, 64, 100, 257}},
                {"N", "outputs", {1, 2, 3, 15, 16, 17, 33, 64, 65}}},
      .params = {container(), {"block", "codes of a block", Param::Kind::integer, {1, 4, 5, 16, 32, 128, 301}, 16}},
      .inputs = {{.name = "codes",
                  .meaning = "one code a byte",
                  .dtype = "container",
                  .shape = "K, N",
                  .role = Role::activation,
                  .fill = Fill::integers,
                  .low = kLow,
                  .high = kHigh}},
      .outputs = {{.name = "packed",
                   .meaning = "two codes a byte, low nibble first",
                   .dtype = "u8",
                   .shape = "N, ceil_div(K, block), ceil_div(block, 2)"}},
      .constraints = {{"block > 0", "a block holds codes"}},
      .arithmetic = Arithmetic::prescribed,
      .max_code_magnitude = 0,
      .evaluate = evaluate_blocks,
  };
}

}  // namespace plumb
