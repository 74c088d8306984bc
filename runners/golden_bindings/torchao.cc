#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <numeric>

#include "runners/golden_bindings/systems.h"

namespace plumb {
namespace {

using golden::Array;
using golden::Case;

Array renamed(Array array, std::string name) {
  array.name = std::move(name);
  array.accept = "bitwise";
  return array;
}

Array i32_array(std::vector<std::int64_t> shape, const std::vector<std::int32_t>& values) {
  const auto bytes = std::as_bytes(std::span(values));
  return {"", "i32", shape, {bytes.begin(), bytes.end()}, "", "", shape};
}

// The codes that Int4PlainInt32Tensor gave to the device's pack: two a byte on XPU, and one an i32 on NPU. There those
// of NaN were beyond four bits, of which the pack keeps the lowest four.
std::optional<Array> plain_int32_codes(const Case& recorded) {
  std::vector<std::int32_t> codes;
  if (const Array* bytes = find_array(recorded.outputs, "packed_bytes")) {
    for (const std::byte byte : bytes->bytes) {
      codes.push_back(std::to_integer<std::int32_t>(byte & std::byte{15}));
      codes.push_back(std::to_integer<std::int32_t>(byte >> 4));
    }
    return i32_array({bytes->shape[0], bytes->shape[1] * 2}, codes);
  }
  const Array* words = find_array(recorded.outputs, "codes");
  if (words == nullptr) return std::nullopt;
  codes.resize(words->bytes.size() / sizeof codes[0]);
  std::memcpy(codes.data(), words->bytes.data(), words->bytes.size());
  for (std::int32_t& code : codes) code = ((code & 15) ^ 8) - 8;
  return i32_array(words->shape, codes);
}

enum class Direction { pack, unpack };

// Packing and unpacking of the same two recorded tensors.
Case pack_case(Case recorded, Direction direction, Array codes, Array packed) {
  codes = renamed(std::move(codes), "codes");
  packed = renamed(std::move(packed), "packed");
  recorded.inputs = {direction == Direction::pack ? codes : packed};
  recorded.outputs = {direction == Direction::pack ? packed : codes};
  return recorded;
}

std::function<std::optional<Case>(Case)> plain_int32(Direction direction) {
  return [direction](Case recorded) -> std::optional<Case> {
    const std::optional<Array> codes = plain_int32_codes(recorded);
    if (!codes) return std::nullopt;
    return pack_case(recorded, direction, *codes, array_named(recorded.outputs, "qdata"));
  };
}

void append_plain_int32(std::vector<GoldenBinding>& bindings) {
  for (const auto& [device, is_signed] : {std::pair{"xpu", 0}, {"npu", 1}}) {
    const std::string op = std::string("torchao.Int4PlainInt32Tensor.from_hp.") + device;
    const Sizes fixed = {{"signed", is_signed}};
    bindings.push_back({.golden_op = op,
                        .op = "pack_plain_int32",
                        .inputs = {{"codes", "codes"}},
                        .attributes = {},
                        .outputs = {{"packed", "words"}},
                        .output_dtypes = {},
                        .fixed = fixed,
                        .restate = plain_int32(Direction::pack)});
    bindings.push_back({.golden_op = op,
                        .op = "unpack_plain_int32",
                        .inputs = {{"packed", "words"}},
                        .attributes = {},
                        .outputs = {{"codes", "codes"}},
                        .output_dtypes = {},
                        .fixed = fixed,
                        .restate = plain_int32(Direction::unpack)});
  }
}

// ATen's pack and, for both operations that recorded codes and packed bytes, our inverse of it.
void append_aten_int4(std::vector<GoldenBinding>& bindings) {
  const auto both = [](Direction direction) {
    return [direction](Case recorded) -> std::optional<Case> {
      const Array& codes = array_named(recorded.inputs, "weight");
      const Array* packed = find_array(recorded.outputs, "packed");
      if (packed == nullptr) packed = find_array(recorded.inputs, "packed");
      if (packed == nullptr) return std::nullopt;
      return pack_case(recorded, direction, codes, *packed);
    };
  };
  const GoldenBinding::Renames isa = {{"isa", "isa"}}, codes = {{"codes", "codes"}}, packed = {{"packed", "packed"}};
  const std::string pack = "aten._convert_weight_to_int4pack_for_cpu", multiply = "aten._weight_int4pack_mm_for_cpu";
  bindings.push_back({pack, "pack_aten_int4", {{"weight", "codes"}}, isa, packed, {}});
  for (const std::string& golden_op : {pack, multiply}) {
    bindings.push_back({.golden_op = golden_op,
                        .op = "unpack_aten_int4",
                        .inputs = packed,
                        .attributes = isa,
                        .outputs = codes,
                        .output_dtypes = {},
                        .restate = both(Direction::unpack)});
  }
  bindings.push_back({.golden_op = multiply,
                      .op = "pack_aten_int4",
                      .inputs = codes,
                      .attributes = isa,
                      .outputs = packed,
                      .output_dtypes = {},
                      .restate = both(Direction::pack)});
}

std::int64_t product(std::vector<std::int64_t>::const_iterator first, std::vector<std::int64_t>::const_iterator last) {
  return std::accumulate(first, last, std::int64_t{1}, std::multiplies{});
}

// A shape of any rank, as the dimensions before `dim`, `dim`, and those after it.
std::vector<std::int64_t> around(const std::vector<std::int64_t>& shape, std::int64_t dim) {
  const auto at = shape.begin() + (dim < 0 ? std::ssize(shape) + dim : dim);
  return {product(shape.begin(), at), *at, product(at + 1, shape.end())};
}

// The packed dimension. One case gives none: upstream packs along the last then, but unpacks along the first.
std::int64_t packed_dim(const Case& recorded) {
  const auto* dim = std::get_if<std::int64_t>(&recorded.attributes.at("dim"));
  return dim == nullptr ? 0 : *dim;
}

// Upstream lists the shards that there are, widest first; ours are named for their width and may be empty.
std::vector<Array> shards_by_width(const std::vector<Array>& arrays, std::int64_t bits, std::int64_t dim) {
  std::vector<Array> shards;
  int place = 0;
  for (const int width : {4, 2, 1}) {
    const std::string name = fmt::format("shard{}", width);
    if ((bits & width) == 0) continue;
    const Array* shard = find_array(arrays, fmt::format("shard{}", place++));
    if (shard == nullptr) return {};
    shards.push_back(renamed(*shard, name));
    shards.back().shape = around(shard->shape, dim);
  }
  for (const int width : {4, 2, 1}) {
    if ((bits & width) != 0) continue;
    const std::vector<std::int64_t> shape = {shards[0].shape[0], 0, shards[0].shape[2]};
    shards.push_back({fmt::format("shard{}", width), "u8", shape, {}, "bitwise", "", shape});
  }
  return shards;
}

// A bit packing with its codes as [outer, n, inner]. `plain`: the dataset of the codes.
std::function<std::optional<Case>(Case)> uintx(Direction direction, const std::string& plain) {
  return [direction, plain](Case recorded) -> std::optional<Case> {
    const std::int64_t bits = std::get<std::int64_t>(recorded.attributes.at("elem_size")), dim = packed_dim(recorded);
    std::vector<Array> shards = shards_by_width(recorded.inputs, bits, dim), codes;
    if (shards.empty()) shards = shards_by_width(recorded.outputs, bits, dim);
    const Array* recorded_codes = find_array(direction == Direction::pack ? recorded.inputs : recorded.outputs, plain);
    codes.push_back(renamed(*recorded_codes, "codes"));
    codes[0].shape = around(recorded_codes->shape, dim);
    recorded.inputs = direction == Direction::pack ? codes : shards;
    recorded.outputs = direction == Direction::pack ? shards : codes;
    return recorded;
  };
}

void append_uintx(std::vector<GoldenBinding>& bindings) {
  const GoldenBinding::Renames codes = {{"codes", "codes"}}, bits = {{"elem_size", "bits"}};
  const GoldenBinding::Renames shards = {{"shard4", "shard4"}, {"shard2", "shard2"}, {"shard1", "shard1"}};
  const auto append = [&](const char* golden_op, Direction direction, const char* plain) {
    const bool packs = direction == Direction::pack;
    bindings.push_back({.golden_op = golden_op,
                        .op = packs ? "pack_uintx" : "unpack_uintx",
                        .inputs = packs ? codes : shards,
                        .attributes = bits,
                        .outputs = packs ? shards : codes,
                        .output_dtypes = {},
                        .restate = uintx(direction, plain)});
  };
  append("torchao.bitpacking.pack", Direction::pack, "data");
  append("torchao.bitpacking.pack_cpu", Direction::pack, "data");
  append("torchao.bitpacking.unpack", Direction::unpack, "output");
  append("torchao.bitpacking.unpack_cpu", Direction::unpack, "output");
  append("torchao.UintxTensor", Direction::pack, "data");
  append("torchao.UintxTensor", Direction::unpack, "plain");
}

}  // namespace

std::vector<GoldenBinding> torchao_bindings() {
  std::vector<GoldenBinding> bindings;
  append_plain_int32(bindings);
  append_uintx(bindings);
  append_aten_int4(bindings);
  bindings.push_back({"aten._dyn_quant_pack_4bit_weight",
                      "pack_dyn_quant_4bit",
                      {{"weights", "weights"}, {"scales_zeros", "scales_zeros"}, {"bias", "bias"}},
                      {{"block_size", "group"}},
                      {{"packed", "packed"}},
                      {}});
  return bindings;
}

}  // namespace plumb
