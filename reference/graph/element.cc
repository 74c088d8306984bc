#include "reference/graph/element.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "reference/error.h"
#include "reference/names.h"

namespace plumb::graph {
namespace {

constexpr ElementInfo kElements[] = {
    {Element::boolean, "boolean", "bool", "BOOL", 12, 8, false, false, std::nullopt},
    {Element::u2, "u2", "uint2", "U2", -1, 2, false, false, std::nullopt},
    {Element::u3, "u3", "uint3", "U3", -1, 3, false, false, std::nullopt},
    {Element::u4, "u4", "uint4", "U4", -1, 4, false, false, std::nullopt},
    {Element::i4, "i4", "int4", "I4", -1, 4, false, true, std::nullopt},
    {Element::u8, "u8", "uint8", "U8", 1, 8, false, false, DType::u8},
    {Element::i8, "i8", "int8", "I8", 2, 8, false, true, DType::i8},
    {Element::i16, "i16", "int16", "I16", 3, 16, false, true, std::nullopt},
    {Element::i32, "i32", "int32", "I32", 4, 32, false, true, DType::i32},
    {Element::i64, "i64", "int64", "I64", 5, 64, false, true, DType::i64},
    {Element::f16, "f16", "float16", "FP16", 6, 16, true, true, DType::f16},
    {Element::bf16, "bf16", "bfloat16", "BF16", 13, 16, true, true, DType::bf16},
    {Element::f32, "f32", "float32", "FP32", 7, 32, true, true, DType::f32},
    {Element::f64, "f64", "float64", "FP64", 8, 64, true, true, DType::f64},
};

// The bits of element `index` of u2, u3, u4 or i4.
unsigned low_bits(const ElementInfo& type, std::span<const std::byte> bytes, std::int64_t index) {
  const auto byte = [&](std::int64_t at) { return std::to_integer<unsigned>(bytes[static_cast<std::size_t>(at)]); };
  if (type.bits ==
      3) {  // Low two bits of elements 0-3 in byte 0, of 4-7 in byte 1, from the top; third bits in byte 2.
    const std::int64_t unit = index / 8 * 3, j = index % 8;
    return (byte(unit + j / 4) >> (6 - 2 * (j % 4)) & 3U) | (byte(unit + 2) >> (7 - j) & 1U) << 2;
  }
  const std::int64_t per_byte = 8 / type.bits;
  return byte(index / per_byte) >> (index % per_byte * type.bits) & ((1U << type.bits) - 1);
}

std::int64_t sign_extended(std::int64_t code, int bits) {
  const std::int64_t half = std::int64_t{1} << (bits - 1);
  return (code ^ half) - half;
}

// Low `bits` of a whole number, as a number of the type. Not-finite numbers give 0.
double wrapped(const ElementInfo& type, double value) {
  if (!std::isfinite(value)) return 0;
  const double whole = std::trunc(value);
  const double modulus = std::ldexp(1.0, type.bits), low = type.is_signed ? -modulus / 2 : 0;
  if (whole >= low && whole < low + modulus) return whole;
  double code = std::fmod(whole, modulus);
  if (code < 0) code += modulus;
  return type.is_signed && code >= modulus / 2 ? code - modulus : code;
}

template <typename T>
double load_as(std::span<const std::byte> bytes, std::int64_t index) {
  T value;
  std::memcpy(&value, bytes.data() + static_cast<std::size_t>(index) * sizeof(T), sizeof(T));
  return static_cast<double>(value);
}

}  // namespace

std::span<const ElementInfo> all_elements() { return kElements; }

const ElementInfo& info(Element element) { return kElements[static_cast<std::size_t>(element)]; }

std::string_view to_string(Element element) { return info(element).name; }

DType whole_byte_type(Element element) {
  const std::optional<DType>& dtype = info(element).dtype;
  if (!dtype) throw Error(fmt::format("a tensor of {} where whole bytes are expected", to_string(element)));
  return *dtype;
}

Element element_from_string(std::string_view name) {
  std::vector<std::string> known;
  for (const ElementInfo& type : kElements) {
    if (type.name == name || type.torch_name == name) return type.element;
    known.emplace_back(type.name);
  }
  throw Error(fmt::format("element type '{}' is unknown; nearest: {}", name, nearest_names(name, known)));
}

Element element_from_torch_code(std::int64_t code) {
  for (const ElementInfo& type : kElements) {
    if (code >= 0 && type.torch_code == code) return type.element;
  }
  throw Error(fmt::format("element type number {} of torch.export is not supported", code));
}

std::int64_t size_bytes(Element element, std::int64_t count) {
  const int bits = info(element).bits;
  std::int64_t total = 0;
  if (bits == 3) return (count / 8 + (count % 8 != 0 ? 1 : 0)) * 3;
  if (__builtin_mul_overflow(count, bits, &total)) throw Error("a tensor has more than 2^63 bits");
  return total / 8 + (total % 8 != 0 ? 1 : 0);
}

double read_element(Element element, std::span<const std::byte> bytes, std::int64_t index) {
  const ElementInfo& type = info(element);
  if (type.bits < 8) {
    const auto code = static_cast<std::int64_t>(low_bits(type, bytes, index));
    return static_cast<double>(type.is_signed ? sign_extended(code, type.bits) : code);
  }
  if (element == Element::boolean) return load_as<std::uint8_t>(bytes, index) != 0 ? 1 : 0;
  if (element == Element::i16) return load_as<std::int16_t>(bytes, index);
  if (element == Element::i64) return load_as<std::int64_t>(bytes, index);
  return load(*type.dtype, bytes.data() + index * (type.bits / 8));
}

double converted(Element element, double value) {
  const ElementInfo& type = info(element);
  if (element == Element::boolean) return value != 0 ? 1 : 0;
  return type.is_float ? round_to(*type.dtype, value) : wrapped(type, value);
}

void write_element(Element element, std::span<std::byte> bytes, std::int64_t index, double value) {
  const ElementInfo& type = info(element);
  if (type.bits == 3) throw Error(fmt::format("{} is read from files and not written", type.name));
  const double stored = converted(element, value);
  if (type.is_float) return store(*type.dtype, stored, bytes.data() + index * (type.bits / 8));
  const auto code = static_cast<std::int64_t>(stored);
  if (type.bits >= 8) {
    std::memcpy(bytes.data() + index * (type.bits / 8), &code, static_cast<std::size_t>(type.bits / 8));
    return;
  }
  const std::int64_t per_byte = 8 / type.bits;
  const auto bits = static_cast<unsigned>(code) & ((1U << type.bits) - 1);
  bytes[static_cast<std::size_t>(index / per_byte)] |= static_cast<std::byte>(bits << (index % per_byte * type.bits));
}

}  // namespace plumb::graph
