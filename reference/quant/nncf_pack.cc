#include "reference/quant/nncf_pack.h"

#include <fmt/format.h>

#include "reference/layout/layouts.h"

namespace plumb {
namespace {

// A kind of codes: what its two operators have in common.
struct Kind {
  const char* name;     // as in pack_<name>
  const char* meaning;  // "unsigned 4-bit codes"
  int bits;
  int offset;              // what is added to a code before it is stored
  bool last_keeps_sign;    // unpacking an i8 container, the last code of a byte is shifted down without a mask
  const char* code_dtype;  // of the codes that are packed
  const char* layout;
  const char *pack_source, *pack_semantics;
  const char *unpack_source, *unpack_semantics;

  [[nodiscard]] int per_byte() const { return 8 / bits; }
};

const char* const kChain = "OpenVINO 2026.4, PyTorch frontend: the 2-bit unpacking subgraph";

constexpr Kind kUint4 = {
    "uint4",
    "unsigned 4-bit codes",
    4,
    0,
    true,
    "u8",
    "nncf.u4",
    "NNCF 3.4.0, nncf/torch/quantization/layers.py: pack_uint4",
    "packed[i, 0] = (codes[2i] & 15) | (codes[2i+1] << 4 & 255), codes in flat order",
    "NNCF 3.4.0, nncf/torch/quantization/layers.py: unpack_uint4",
    "codes[..., 0] = packed & 15; codes[..., 1] = packed >> 4 (keeps the sign of an i8 container)"};

constexpr Kind kInt4 = {"int4",
                        "signed 4-bit codes",
                        4,
                        8,
                        true,
                        "i8",
                        "nncf.i4",
                        "NNCF 3.4.0, nncf/torch/quantization/layers.py: pack_int4",
                        "pack_uint4 of codes + 8 modulo 256",
                        "NNCF 3.4.0, nncf/torch/quantization/layers.py: unpack_int4",
                        "unpack_uint4, minus 8 (high codes of an i8 container keep its sign, so they are -16 … -1)"};

const Kind kUint2 = {"uint2",
                     "unsigned 2-bit codes",
                     2,
                     0,
                     false,
                     "u8",
                     "nncf.u2",
                     "inverse of unpack_uint2; no released NNCF packs 2 bits",
                     "packed[i, 0] = sum over j = 0 … 3 of (codes[4i+j] & 3) << 2j, codes in flat order",
                     kChain,
                     "codes[..., j] = packed >> 2j & 3, j = 0 … 3"};

Param leading_dims() {
  return {"lead", "number of dimensions the codes are spread over", Param::Kind::integer, {1, 2, 3}, 1};
}

Answer expect_integers(std::vector<double> value) { return {{std::move(value), {}, {}, {}}}; }

Answer evaluate_pack(const Kind& kind, const Problem& problem) {
  const int mask = (1 << kind.bits) - 1;
  std::vector<int> codes;
  for (const std::uint8_t code : problem.inputs[0].codes())
    codes.push_back(((code + kind.offset) & mask) - kind.offset);
  const Extent extent{1, static_cast<std::int64_t>(codes.size())};
  std::vector<double> value;
  for (const std::uint8_t byte : pack(layout_named(kind.layout), extent, codes)) value.push_back(byte);
  return expect_integers(std::move(value));
}

Answer evaluate_unpack(const Kind& kind, const Problem& problem) {
  const Tensor& packed = problem.inputs[0];
  const int per_byte = kind.per_byte(), count = 1 << kind.bits;
  const bool signs = kind.last_keeps_sign && packed.dtype() == DType::i8;
  std::vector<double> value;
  for (const int code : unpack(layout_named(kind.layout), {1, per_byte * packed.size()}, packed.codes())) {
    const bool is_last = static_cast<int>(value.size()) % per_byte == per_byte - 1;
    const bool top_bit = code + kind.offset >= count / 2;
    value.push_back(signs && is_last && top_bit ? code - count : code);
  }
  return expect_integers(std::move(value));
}

std::vector<std::int64_t> sweep(std::int64_t factor) {
  std::vector<std::int64_t> values = {1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 128, 129, 511, 2049};
  for (std::int64_t& value : values) value *= factor;
  return values;
}

Op make_pack(const Kind& kind) {
  const int per_byte = kind.per_byte();
  const std::string bytes_meaning = fmt::format("{} codes a byte", per_byte);
  return {
      .name = fmt::format("pack_{}", kind.name),
      .summary = fmt::format("packs {}, {} a byte", kind.meaning, per_byte),
      .source = kind.pack_source,
      .semantics = kind.pack_semantics,
      .sizes = {{"n", "number of codes", sweep(per_byte)}},
      .params = {leading_dims()},
      .inputs = {{.name = "codes",
                  .meaning = "one code a byte",
                  .dtype = kind.code_dtype,
                  .shape = "n...",
                  .fill = Fill::bytes}},
      .outputs = {{.name = "packed",
                   .meaning = bytes_meaning,
                   .dtype = "u8",
                   .shape = fmt::format("n/{}, 1", per_byte),
                   .layouts = {kind.layout}}},
      .constraints = {{fmt::format("n % {} == 0", per_byte), fmt::format("{} codes fill a byte", per_byte)}},
      .arithmetic = Arithmetic::prescribed,
      .max_code_magnitude = 0,
      .evaluate = [kind](const Problem& problem) { return evaluate_pack(kind, problem); },
  };
}

Op make_unpack(const Kind& kind) {
  const int per_byte = kind.per_byte();
  return {
      .name = fmt::format("unpack_{}", kind.name),
      .summary = fmt::format("unpacks {}, {} a byte", kind.meaning, per_byte),
      .source = kind.unpack_source,
      .semantics = kind.unpack_semantics,
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
                  .meaning = fmt::format("{} codes a byte", per_byte),
                  .dtype = "container",
                  .shape = "n...",
                  .fill = Fill::bytes,
                  .layouts = {kind.layout}}},
      .outputs = {{.name = "codes",
                   .meaning = "one code a byte",
                   .dtype = kind.offset != 0 ? "i8" : "container",
                   .shape = fmt::format("n..., {}", per_byte)}},
      .arithmetic = Arithmetic::prescribed,
      .max_code_magnitude = 0,
      .evaluate = [kind](const Problem& problem) { return evaluate_unpack(kind, problem); },
  };
}

}  // namespace

Op pack_uint4() { return make_pack(kUint4); }
Op unpack_uint4() { return make_unpack(kUint4); }
Op pack_int4() { return make_pack(kInt4); }
Op unpack_int4() { return make_unpack(kInt4); }
Op pack_uint2() { return make_pack(kUint2); }
Op unpack_uint2() { return make_unpack(kUint2); }

}  // namespace plumb
