#include <algorithm>
#include <cstring>

#include "runners/golden_bindings/systems.h"

namespace plumb {
namespace {

using golden::Array;
using golden::Case;

const Array* find_array(const std::vector<Array>& arrays, std::string_view name) {
  const auto found = std::ranges::find(arrays, name, &Array::name);
  return found == arrays.end() ? nullptr : &*found;
}

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
    return pack_case(recorded, direction, *codes, *find_array(recorded.outputs, "qdata"));
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

}  // namespace

std::vector<GoldenBinding> torchao_bindings() {
  std::vector<GoldenBinding> bindings;
  append_plain_int32(bindings);
  return bindings;
}

}  // namespace plumb
