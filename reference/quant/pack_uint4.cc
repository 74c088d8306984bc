#include "reference/quant/pack_uint4.h"

#include "reference/layout/layouts.h"

namespace plumb {
namespace {

Param leading_dims() {
  return {"lead", "number of dimensions the codes are spread over", Param::Kind::integer, {1, 2, 3}, 1};
}

Answer expect_integers(std::vector<double> value) { return {{std::move(value), {}, {}, {}}}; }

Answer evaluate_pack(const Problem& problem) {
  std::vector<int> codes;
  for (const std::uint8_t code : problem.inputs[0].codes()) codes.push_back(code & 15);
  const Extent extent{1, static_cast<std::int64_t>(codes.size())};
  std::vector<double> value;
  for (const std::uint8_t byte : pack(layout_named("nncf.u4"), extent, codes)) value.push_back(byte);
  return expect_integers(std::move(value));
}

Answer evaluate_unpack(const Problem& problem) {
  const Tensor& packed = problem.inputs[0];
  const bool is_signed = packed.dtype() == DType::i8;
  std::vector<double> value;
  for (const int code : unpack(layout_named("nncf.u4"), {1, 2 * packed.size()}, packed.codes())) {
    const bool high = value.size() % 2 == 1;
    value.push_back(is_signed && high && code >= 8 ? code - 16 : code);
  }
  return expect_integers(std::move(value));
}

}  // namespace

Op pack_uint4() {
  return {
      .name = "pack_uint4",
      .summary = "packs unsigned 4-bit codes, two a byte",
      .source = "NNCF 3.4.0, nncf/torch/quantization/layers.py: pack_uint4",
      .semantics = "packed[i, 0] = (codes[2i] & 15) | (codes[2i+1] << 4 & 255), codes in flat order",
      .sizes = {{"n",
                 "number of codes",
                 {2, 4, 14, 16, 18, 30, 32, 34, 62, 64, 66, 126, 128, 130, 256, 258, 1022, 4098}}},
      .params = {leading_dims()},
      .inputs = {{.name = "codes", .meaning = "one code a byte", .dtype = "u8", .shape = "n...", .fill = Fill::bytes}},
      .outputs =
          {{.name = "packed", .meaning = "two codes a byte", .dtype = "u8", .shape = "n/2, 1", .layouts = {"nncf.u4"}}},
      .constraints = {{"n % 2 == 0", "two codes fill a byte"}},
      .arithmetic = Arithmetic::prescribed,
      .max_code_magnitude = 0,
      .evaluate = evaluate_pack,
  };
}

Op unpack_uint4() {
  return {
      .name = "unpack_uint4",
      .summary = "unpacks unsigned 4-bit codes, two a byte",
      .source = "NNCF 3.4.0, nncf/torch/quantization/layers.py: unpack_uint4",
      .semantics = "codes[..., 0] = packed & 15; codes[..., 1] = packed >> 4 (keeps the sign of an i8 container)",
      .sizes = {{"n",
                 "number of packed bytes",
                 {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 129, 2049}}},
      .params = {{"container",
                  "element type of the packed bytes",
                  Param::Kind::dtype,
                  {static_cast<std::int64_t>(DType::u8), static_cast<std::int64_t>(DType::i8)},
                  static_cast<std::int64_t>(DType::u8)},
                 leading_dims()},
      .inputs = {{.name = "packed",
                  .meaning = "two codes a byte",
                  .dtype = "container",
                  .shape = "n...",
                  .fill = Fill::bytes,
                  .layouts = {"nncf.u4"}}},
      .outputs = {{.name = "codes", .meaning = "one code a byte", .dtype = "container", .shape = "n..., 2"}},
      .arithmetic = Arithmetic::prescribed,
      .max_code_magnitude = 0,
      .evaluate = evaluate_unpack,
  };
}

}  // namespace plumb
