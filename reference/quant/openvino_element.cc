#include "reference/quant/openvino_element.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "reference/error.h"
#include "reference/layout/layouts.h"

namespace plumb {
namespace {

enum Index : std::size_t { kU2, kU3, kU4, kI4, kU6, kNf4, kF4e2m1, kF8e4m3, kF8e5m2, kF8e8m0, kU1 };

constexpr std::array<ElementType, 11> kTypes = {{
    {"u2", "openvino.u2", 4, 1, false},
    {"u3", "openvino.u3", 8, 3, false},
    {"u4", "openvino.u4", 2, 1, false},
    {"i4", "openvino.i4", 2, 1, false},
    {"u6", "openvino.u6", 4, 3, false},
    {"nf4", "openvino.u4", 2, 1, true},
    {"f4e2m1", "openvino.u4", 2, 1, true},
    {"f8e4m3", "openvino.u8", 1, 1, true},
    {"f8e5m2", "openvino.u8", 1, 1, true},
    {"f8e8m0", "openvino.u8", 1, 1, true},
    {"u1", "openvino.u1", 8, 1, false},
}};

// Quantiles of the normal distribution, as f32. Dettmers et al., QLoRA, appendix E.
constexpr std::array<float, 16> kNf4Values = {
    -1.0F,
    -0.6961928009986877F,
    -0.5250730514526367F,
    -0.39491748809814453F,
    -0.28444138169288635F,
    -0.18477343022823334F,
    -0.09105003625154495F,
    0.0F,
    0.07958029955625534F,
    0.16093020141124725F,
    0.24611230194568634F,
    0.33791524171829224F,
    0.44070982933044434F,
    0.5626170039176941F,
    0.7229568362236023F,
    1.0F,
};

// A type of sign, exponent and fraction, with subnormals.
struct Minifloat {
  int exponent_bits, fraction_bits, bias;
  int largest;   // code of the largest number, without sign
  int overflow;  // what larger ones become
  int nan;

  [[nodiscard]] int sign() const { return 1 << (exponent_bits + fraction_bits); }
};

constexpr Minifloat kE2m1 = {2, 1, 1, 7, 7, 7};  // has no NaN: it becomes the largest
constexpr Minifloat kE4m3 = {4, 3, 7, 0x7e, 0x7f, 0x7f};
constexpr Minifloat kE5m2 = {5, 2, 15, 0x7b, 0x7c, 0x7e};

const Minifloat& minifloat_of(std::size_t index) {
  PLUMB_CHECK(index == kF4e2m1 || index == kF8e4m3 || index == kF8e5m2);
  return index == kF4e2m1 ? kE2m1 : index == kF8e4m3 ? kE4m3 : kE5m2;
}

double value_of(const Minifloat& type, int code) {
  const int magnitude = code & (type.sign() - 1);
  const int exponent = magnitude >> type.fraction_bits, fraction = magnitude & ((1 << type.fraction_bits) - 1);
  double value = 0;
  if (magnitude > type.largest) {
    const bool infinite = magnitude == type.overflow && type.overflow != type.nan;
    value = infinite ? std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  } else if (exponent == 0) {
    value = std::ldexp(fraction, 1 - type.bias - type.fraction_bits);
  } else {
    value = std::ldexp(fraction + (1 << type.fraction_bits), exponent - type.bias - type.fraction_bits);
  }
  return (code & type.sign()) != 0 ? -value : value;
}

int code_of(const Minifloat& type, double value) {
  const int sign = std::signbit(value) ? type.sign() : 0;
  const double magnitude = std::abs(value);
  if (std::isnan(value)) return sign | type.nan;
  if (std::isinf(value)) return sign | type.overflow;
  const int lowest = 1 - type.bias;
  const int exponent = magnitude == 0 ? lowest : std::max(std::ilogb(magnitude), lowest);
  // Units in the last place, rounded half to even. A normal number's leading one is among them and counts for one
  // exponent, so that codes of magnitudes are consecutive.
  const double units = std::nearbyint(std::ldexp(magnitude, type.fraction_bits - exponent));
  const double code = units + std::ldexp(exponent - lowest, type.fraction_bits);
  return sign | (code > type.largest ? type.overflow : static_cast<int>(code));
}

// Midpoints of the values, to within an ulp: upstream's own f32 constants.
constexpr std::array<float, 15> kNf4Thresholds = {
    -0.8480964004993439F,  -0.6106329262256622F,   -0.4599952697753906F, -0.33967943489551544F, -0.23460740596055984F,
    -0.13791173323988914F, -0.045525018125772476F, 0.03979014977812767F, 0.1202552504837513F,   0.2035212516784668F,
    0.2920137718319893F,   0.3893125355243683F,    0.5016634166240692F,  0.6427869200706482F,   0.8614784181118011F,
};

int nf4_code(double value) {
  return static_cast<int>(std::ranges::count_if(kNf4Thresholds, [&](float threshold) { return value > threshold; }));
}

constexpr int kE8m0Bias = 127, kE8m0Nan = 255, kE8m0Largest = 254;

int e8m0_code(double value) {
  if (std::signbit(value)) return 0;
  if (std::isnan(value)) return kE8m0Nan;
  if (value <= std::ldexp(1, -kE8m0Bias)) return 0;
  if (value >= std::ldexp(1, kE8m0Largest - kE8m0Bias)) return kE8m0Largest;
  const int below = std::ilogb(value) + kE8m0Bias;
  if (below == 0) return 1;  // upstream takes f32's subnormals for multiples of code 1: above a half is one
  const double position = std::ldexp(value, kE8m0Bias - below);  // 1 … 2
  return position > 1.5 || (position == 1.5 && below % 2 == 1) ? below + 1 : below;
}

// Truncated, and of that the low bits. fmod is exact.
int integer_code(double value, int bits) {
  if (!std::isfinite(value)) return 0;
  const int count = 1 << bits;
  return static_cast<int>(std::fmod(std::trunc(value), count)) & (count - 1);
}

std::size_t index_of(const ElementType& type) { return static_cast<std::size_t>(&type - kTypes.data()); }

const ElementType& type_of(const Signature& signature) {
  return kTypes.at(static_cast<std::size_t>(signature["type"]));
}

std::int64_t whole_units(const ElementType& type, std::int64_t count) {
  return (count + type.unit_elements - 1) / type.unit_elements * type.unit_elements;
}

Answer evaluate_unpack(const Problem& problem) {
  const ElementType& type = type_of(problem.signature);
  const auto out = static_cast<DType>(problem.signature["out"]);
  const std::int64_t count = problem.signature["count"];
  const Layout& layout = layout_named(type.layout);
  std::vector<int> codes = unpack(layout, {1, whole_units(type, count)}, problem.inputs[0].codes());
  codes.resize(static_cast<std::size_t>(count));
  std::vector<double> value;
  for (const int code : codes) {
    const double v = element_value(type, code & ((1 << layout.bits) - 1));
    value.push_back(out == DType::u8 && v < 0 ? v + 256 : round_to(out, v));
  }
  return {{std::move(value), {}, {}, {}}};
}

Answer evaluate_pack(const Problem& problem) {
  const ElementType& type = type_of(problem.signature);
  const Layout& layout = layout_named(type.layout);
  const Tensor& values = problem.inputs[0];
  const std::int64_t padded = whole_units(type, values.size());
  std::vector<int> codes;
  for (std::int64_t i = 0; i < padded; ++i) {
    const int code = i < values.size() ? element_code(type, values.at(i)) : 0;
    codes.push_back(code > layout.max_code() ? code - (1 << layout.bits) : code);  // a signed layout's
  }
  std::vector<double> bytes;
  for (const std::uint8_t byte : pack(layout, {1, padded}, codes)) bytes.push_back(byte);
  return {{std::move(bytes), {}, {}, {}}};
}

// Bytes of `count` elements of the first `types` types, as a formula in `type`.
std::string bytes_formula(const std::string& count, std::size_t types) {
  std::string text;
  for (std::size_t i = 0; i < types; ++i) {
    text += fmt::format("{}(type == {}) * {} * ceil_div({}, {})", i == 0 ? "" : " + ", i, kTypes[i].unit_bytes, count,
                        kTypes[i].unit_elements);
  }
  return text;
}

std::int64_t number(DType dtype) { return static_cast<std::int64_t>(dtype); }

std::vector<std::int64_t> wide_types() {
  return {number(DType::f32), number(DType::f16), number(DType::i32), number(DType::i8), number(DType::u8)};
}

// Around units, vectors and words, and enough for every code of a type of four bits or fewer in every place.
std::vector<std::int64_t> counts() {
  return {1, 2, 3, 5, 7, 8, 9, 13, 15, 16, 17, 31, 33, 63, 64, 65, 100, 255, 256, 257, 512, 1023, 2048, 4099};
}

Param type_param(std::size_t types) {
  Param param{"type", "element type of the packed tensor", Param::Kind::choice, {}, std::nullopt};
  for (std::size_t i = 0; i < types; ++i) {
    param.values.push_back(static_cast<std::int64_t>(i));
    param.words.emplace_back(kTypes[i].name);
  }
  return param;
}

std::vector<std::string> layouts_of_types(std::size_t types) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < types; ++i) names.emplace_back(kTypes[i].layout);
  return names;
}

Constraint no_integers(const char* dtype) {
  return {fmt::format("type < {} || type > {} || {} == {} || {} == {}", static_cast<int>(kNf4),
                      static_cast<int>(kF8e8m0), dtype, number(DType::f16), dtype, number(DType::f32)),
          "floating-point types are converted from and to f16 and f32 alone"};
}

constexpr std::size_t kPackedTypes = kU1;  // all but u1

}  // namespace

std::span<const ElementType> all_element_types() { return kTypes; }

double element_value(const ElementType& type, int code) {
  switch (index_of(type)) {
    case kI4:
      return code >= 8 ? code - 16 : code;
    case kNf4:
      return kNf4Values.at(static_cast<std::size_t>(code));
    case kF8e8m0:
      return code == kE8m0Nan ? std::numeric_limits<double>::quiet_NaN() : std::ldexp(1, code - kE8m0Bias);
    default:
      return type.is_float ? value_of(minifloat_of(index_of(type)), code) : code;
  }
}

int element_code(const ElementType& type, double value) {
  switch (index_of(type)) {
    case kNf4:
      return nf4_code(value);
    case kF8e8m0:
      return e8m0_code(value);
    case kF8e5m2:
      return code_of(kE5m2, round_to(DType::f16, value));
    default:
      return type.is_float ? code_of(minifloat_of(index_of(type)), value)
                           : integer_code(value, layout_named(type.layout).bits);
  }
}

Op ov_unpack() {
  return {
      .name = "ov_unpack",
      .summary = "converts a tensor of an OpenVINO low-bit type to a wider type",
      .source = "OpenVINO 2026.4: Convert from a low-bit type (CPU plugin), src/core/src/type",
      .semantics =
          "values[i] = value of element i, rounded to nearest even; elements in flat order, padding ignored; as u8, "
          "negative ones modulo 256",
      .sizes = {},
      .params = {{"count", "number of elements", Param::Kind::integer, counts(), std::nullopt},
                 type_param(kTypes.size()),
                 {"out", "element type of the values", Param::Kind::dtype, wide_types(), number(DType::f32)}},
      .inputs = {{.name = "packed",
                  .meaning = "the low-bit tensor's bytes",
                  .dtype = "u8",
                  .shape = bytes_formula("count", kTypes.size()),
                  .fill = Fill::bytes,
                  .layouts = layouts_of_types(kTypes.size()),
                  .layout_param = "type"}},
      .outputs = {{.name = "values", .meaning = "one element each", .dtype = "out", .shape = "count"}},
      .constraints = {{"count >= 0", "a number of elements"}, no_integers("out")},
      .arithmetic = Arithmetic::prescribed,
      .max_code_magnitude = 0,
      .evaluate = evaluate_unpack,
  };
}

Op ov_pack() {
  return {
      .name = "ov_pack",
      .summary = "converts a tensor to an OpenVINO low-bit type",
      .source = "OpenVINO 2026.4: Convert to a low-bit type (CPU plugin), src/core/src/type",
      .semantics =
          "element i = code of values[i]: integers truncated, low bits kept; nf4 nearest; f4e2m1 and f8 to "
          "nearest even (f8e5m2 through f16); padding bits 0",
      .sizes = {{"n", "number of elements", counts()}},
      .params = {type_param(kPackedTypes),
                 {"from", "element type of the values", Param::Kind::dtype, wide_types(), number(DType::f32)},
                 {"lead", "number of dimensions the values are spread over", Param::Kind::integer, {1, 2, 3}, 1}},
      .inputs =
          {{.name = "values", .meaning = "one element each", .dtype = "from", .shape = "n...", .fill = Fill::number}},
      .outputs = {{.name = "packed",
                   .meaning = "the low-bit tensor's bytes",
                   .dtype = "u8",
                   .shape = bytes_formula("n", kPackedTypes),
                   .layouts = layouts_of_types(kPackedTypes),
                   .layout_param = "type"}},
      .constraints = {no_integers("from")},
      .arithmetic = Arithmetic::prescribed,
      .max_code_magnitude = 0,
      .evaluate = evaluate_pack,
  };
}

}  // namespace plumb
