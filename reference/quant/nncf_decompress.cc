#include "reference/quant/nncf_decompress.h"

#include <cmath>

#include "reference/kernel/ports.h"

namespace plumb {
namespace {

// 2^(bits - 1)
constexpr const char* kHalf = "((bits == 2) * 2 + (bits == 4) * 8 + (bits == 8) * 128)";

int half_of(std::int64_t bits) { return 1 << (bits - 1); }

// What is added to a code before it is stored. 8-bit signed codes are stored as they are, in two's complement.
int stored_offset(const Signature& signature) {
  return signature["asym"] != 0 || signature["bits"] == 8 ? 0 : half_of(signature["bits"]);
}

std::vector<double> packed(std::int64_t bits, const std::vector<int>& stored) {
  std::vector<double> bytes;
  if (bits == 8) {
    for (const int code : stored) bytes.push_back(code & 255);
    return bytes;
  }
  const Extent flat{1, static_cast<std::int64_t>(stored.size())};
  for (const std::uint8_t byte : pack(layout_named(bits == 2 ? "nncf.u2" : "nncf.u4"), flat, stored)) {
    bytes.push_back(byte);
  }
  return bytes;
}

// `count` codes as they are stored: unsigned.
std::vector<int> unpacked(std::int64_t bits, std::int64_t count, const Tensor& bytes) {
  if (bits == 8) return {bytes.codes().begin(), bytes.codes().end()};
  return unpack(layout_named(bits == 2 ? "nncf.u2" : "nncf.u4"), {1, count}, bytes.codes());
}

Expected only_value(std::vector<double> value) { return {std::move(value), {}, {}, {}}; }

Answer evaluate_compress(const Problem& problem) {
  const Signature& signature = problem.signature;
  const Tensor &weight = problem.inputs[0], &scale = problem.inputs[1], &zero_point = problem.inputs[2];
  std::vector<int> codes, zero_points;
  for (std::int64_t i = 0; i < weight.size(); ++i) {
    codes.push_back(static_cast<int>(std::trunc(weight.at(i))) + stored_offset(signature));
  }
  std::vector<double> stored_scale;
  for (std::int64_t i = 0; i < scale.size(); ++i) stored_scale.push_back(round_to(DType::f16, scale.at(i)));
  for (std::int64_t i = 0; i < zero_point.size(); ++i) zero_points.push_back(static_cast<int>(zero_point.at(i)));
  return {only_value(packed(signature["bits"], codes)), only_value(std::move(stored_scale)),
          only_value(packed(signature["bits"], zero_points))};
}

Answer evaluate_decompress(const Problem& problem) {
  const Signature& signature = problem.signature;
  const std::int64_t rows = signature["R"], columns = signature["columns"], bits = signature["bits"];
  const auto out = static_cast<DType>(signature["out"]);
  const std::vector<int> stored = unpacked(bits, rows * columns, problem.inputs[0]);
  const bool asymmetric = signature["asym"] != 0;
  std::vector<int> zero_points;
  if (asymmetric) zero_points = unpacked(bits, rows, problem.inputs[2]);
  std::vector<double> value;
  for (std::int64_t i = 0; i < rows * columns; ++i) {
    int code = stored[static_cast<std::size_t>(i)] - stored_offset(signature);
    if (!asymmetric && bits == 8 && code > 127) code -= 256;
    // Integers below 2^11 and their differences are exact in f16.
    const int difference = asymmetric ? code - zero_points[static_cast<std::size_t>(i / columns)] : code;
    value.push_back(round_to(out, round_to(DType::f16, difference * problem.inputs[1].at(i / columns))));
  }
  return {only_value(std::move(value))};
}

Param bits_param() { return {"bits", "bits of a code: 2, 4 or 8", Param::Kind::integer, {2, 4, 8}, 4}; }

Param asymmetric_flag() {
  return {"asym", "codes are unsigned and have a zero point; else they are signed", Param::Kind::flag, {0, 1}, 0};
}

Param leading_dims() {
  return {"lead", "number of dimensions the rows are spread over", Param::Kind::integer, {1, 2}, 1};
}

std::vector<Constraint> shared_constraints() {
  return {{"bits == 2 || bits == 4 || bits == 8", "other codes are not stored"},
          {"columns >= 1", "a row has at least one code"},
          {"R * columns * bits % 8 == 0", "codes fill whole bytes"},
          {"asym == 0 || R * bits % 8 == 0", "zero points fill whole bytes"}};
}

constexpr const char* kSource =
    "NNCF 3.4.0, nncf/torch/quantization/layers.py: INT4/INT8 Symmetric/Asymmetric WeightsDecompressor (2 bits: the "
    "same with its unpack of four codes a byte, which no release has yet)";

// The largest and the smallest code, within the element type. Types by number: u8 = 1, i8 = 2.
Port codes_port() {
  return {.name = "weight",
          .meaning = "codes, one an element",
          .dtype = "codes",
          .shape = "R..., columns",
          .fill = Fill::integers,
          .low = std::string("0 - (asym == 0 && codes != 1) * ") + kHalf,
          .high = std::string(kHalf) + " * (1 + asym) - 1 - (codes == 2 && asym == 1 && bits == 8) * 128"};
}

Port scale_port(std::string name, std::string dtype) {
  // Fill::weight: among its edges are values that f16 cannot hold, subnormals and zeros of either sign.
  return {.name = std::move(name),
          .meaning = "scale of each row",
          .dtype = std::move(dtype),
          .shape = "R..., 1",
          .fill = Fill::weight};
}

}  // namespace

Op nncf_compress_constants() {
  std::vector<Constraint> constraints = shared_constraints();
  constraints.push_back({"codes != 7 || (bits == 8 && asym == 0) || (bits == 4 && asym == 1)",
                         "codes given in floating point are refused, but by INT8 symmetric and INT4 asymmetric"});
  return {
      .name = "nncf_compress_constants",
      .summary = "what NNCF's weight decompressors store: packed codes, f16 scale, packed zero point",
      .source = kSource,
      .semantics =
          "packed_weight = codes in flat order, low bits first (signed codes of 2 and 4 bits: + 2^(bits-1); "
          "fractions are cut off); stored_scale = f16(scale); stored_zero_point packed as the codes",
      .sizes = {{"R", "rows of the weight, each with a scale of its own", {1, 2, 3, 4, 6, 8, 15, 16, 17, 64, 130}},
                {"columns", "codes of a row", {1, 2, 3, 4, 5, 7, 8, 10, 16, 18, 31, 32, 34, 64, 100, 128, 257}}},
      .params = {bits_param(), asymmetric_flag(),
                 float_param("codes", "element type of the codes", {DType::i8, DType::u8, DType::i32, DType::f32}),
                 float_param("scale", "element type of the scale", {DType::f32, DType::f16, DType::bf16}),
                 leading_dims()},
      .inputs = {codes_port(),
                 scale_port("scale", "scale"),
                 {.name = "zero_point",
                  .meaning = "zero point of each row",
                  .dtype = "u8",
                  .shape = "R..., 1",
                  .fill = Fill::integers,
                  .low = "0",
                  .high = std::string(kHalf) + " * 2 - 1",
                  .present_if = "asym"}},
      .outputs = {{.name = "packed_weight",
                   .meaning = "8 / bits codes a byte",
                   .dtype = "u8",
                   .shape = "R * columns * bits / 8, 1"},
                  {.name = "stored_scale", .meaning = "scale of each row", .dtype = "f16", .shape = "R..., 1"},
                  {.name = "stored_zero_point",
                   .meaning = "8 / bits zero points a byte; empty if there are none",
                   .dtype = "u8",
                   .shape = "asym * (R * bits / 8), 1"}},
      .constraints = std::move(constraints),
      .arithmetic = Arithmetic::prescribed,
      .evaluate = evaluate_compress,
  };
}

Op nncf_decompress() {
  return {
      .name = "nncf_decompress",
      .summary = "NNCF's weight decompressors: packed codes times f16 scales",
      .source = kSource,
      .semantics =
          "result[r, k] = out(f16((f16(code[r, k]) - f16(zero_point[r])) * scale[r])), each rounded to nearest "
          "even",
      .sizes = {{"R", "rows of the weight, each with a scale of its own", {1, 2, 3, 4, 6, 8, 15, 16, 17, 64, 130}}},
      .params = {{"columns",
                  "codes of a row",
                  Param::Kind::integer,
                  {1, 2, 3, 4, 5, 7, 8, 10, 16, 18, 31, 32, 34, 64, 100, 128, 257},
                  std::nullopt},
                 bits_param(),
                 asymmetric_flag(),
                 float_param("out", "element type of the result", {DType::f16, DType::f32, DType::bf16}),
                 leading_dims()},
      .inputs = {{.name = "packed_weight",
                  .meaning = "8 / bits codes a byte in flat order, low bits first",
                  .dtype = "u8",
                  .shape = "R * columns * bits / 8, 1",
                  .fill = Fill::bytes},
                 scale_port("stored_scale", "f16"),
                 {.name = "stored_zero_point",
                  .meaning = "8 / bits zero points a byte",
                  .dtype = "u8",
                  .shape = "R * bits / 8, 1",
                  .fill = Fill::bytes,
                  .present_if = "asym"}},
      .outputs = {{.name = "result", .meaning = "dequantised weight", .dtype = "out", .shape = "R..., columns"}},
      .constraints = shared_constraints(),
      .arithmetic = Arithmetic::prescribed,
      .evaluate = evaluate_decompress,
  };
}

}  // namespace plumb
