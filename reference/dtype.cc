#include "reference/dtype.h"

#include <fmt/format.h>

#include <Eigen/Core>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "reference/error.h"

namespace plumb {
namespace {

constexpr double kInt64Max = 9007199254740992.0;  // 2^53: the integers a double holds exactly

constexpr std::array<DTypeInfo, 8> kDTypes = {{
    {DType::u8, "u8", 1, false, 8, 0, 255, 0},
    {DType::i8, "i8", 1, false, 8, 0, 127, -128},
    {DType::i32, "i32", 4, false, 32, 0, 2147483647.0, -2147483648.0},
    {DType::i64, "i64", 8, false, 53, 0, kInt64Max, -kInt64Max},
    {DType::f16, "f16", 2, true, 11, -14, 65504, -65504},
    {DType::bf16, "bf16", 2, true, 8, -126, 0x1.fep127, -0x1.fep127},
    {DType::f32, "f32", 4, true, 24, -126, 0x1.fffffep127, -0x1.fffffep127},
    {DType::f64, "f64", 8, true, 53, -1022, std::numeric_limits<double>::max(), std::numeric_limits<double>::lowest()},
}};

template <typename T>
T read(const std::byte* element) {
  T value;
  std::memcpy(&value, element, sizeof value);
  return value;
}

template <typename T>
void write(T value, std::byte* element) {
  std::memcpy(element, &value, sizeof value);
}

}  // namespace

std::span<const DTypeInfo> all_dtypes() { return kDTypes; }

const DTypeInfo& info(DType dtype) {
  const auto index = static_cast<std::size_t>(dtype) - 1;
  PLUMB_CHECK(index < kDTypes.size());
  return kDTypes[index];
}

std::string_view to_string(DType dtype) { return info(dtype).name; }

DType dtype_from_string(std::string_view name) {
  std::string known;
  for (const DTypeInfo& type : kDTypes) {
    if (type.name == name) return type.dtype;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", type.name);
  }
  throw Error(fmt::format("element type '{}' is unknown; expected one of {}", name, known));
}

double unit_roundoff(DType dtype) { return info(dtype).is_float ? std::ldexp(1.0, -info(dtype).precision_bits) : 0; }

double min_normal(DType dtype) { return info(dtype).is_float ? std::ldexp(1.0, info(dtype).min_exponent) : 0; }

double min_subnormal(DType dtype) {
  const DTypeInfo& type = info(dtype);
  return type.is_float ? std::ldexp(1.0, type.min_exponent - type.precision_bits + 1) : 0;
}

double round_to(DType dtype, double value) {
  const DTypeInfo& type = info(dtype);
  if (dtype == DType::f64 || std::isnan(value) || std::isinf(value)) return value;
  if (!type.is_float) return std::nearbyint(value);
  // One unit in the last place is 2^(e - precision + 1), and never below the subnormal spacing.
  const int exponent = value == 0 ? type.min_exponent : std::max(std::ilogb(value), type.min_exponent);
  const int ulp_exponent = exponent - type.precision_bits + 1;
  const double rounded = std::ldexp(std::nearbyint(std::ldexp(value, -ulp_exponent)), ulp_exponent);
  if (std::abs(rounded) > type.max_finite) return std::copysign(std::numeric_limits<double>::infinity(), value);
  return rounded;
}

double load(DType dtype, const std::byte* element) {
  switch (dtype) {
    case DType::u8:
      return read<std::uint8_t>(element);
    case DType::i8:
      return read<std::int8_t>(element);
    case DType::i32:
      return read<std::int32_t>(element);
    case DType::i64:
      return static_cast<double>(read<std::int64_t>(element));
    case DType::f16:
      return static_cast<float>(Eigen::numext::bit_cast<Eigen::half>(read<std::uint16_t>(element)));
    case DType::bf16:
      return std::bit_cast<float>(static_cast<std::uint32_t>(read<std::uint16_t>(element)) << 16);
    case DType::f32:
      return read<float>(element);
    case DType::f64:
      return read<double>(element);
  }
  PLUMB_CHECK(false);
}

void store(DType dtype, double value, std::byte* element) {
  const double rounded = round_to(dtype, value);
  const DTypeInfo& type = info(dtype);
  if (!type.is_float) PLUMB_CHECK(rounded >= type.min_finite && rounded <= type.max_finite);
  switch (dtype) {
    case DType::u8:
      return write(static_cast<std::uint8_t>(rounded), element);
    case DType::i8:
      return write(static_cast<std::int8_t>(rounded), element);
    case DType::i32:
      return write(static_cast<std::int32_t>(rounded), element);
    case DType::i64:
      return write(static_cast<std::int64_t>(rounded), element);
    // The value is already rounded, so these conversions are exact.
    case DType::f16:
      return write(Eigen::half(static_cast<float>(rounded)).x, element);
    case DType::bf16:
      return write(static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(static_cast<float>(rounded)) >> 16),
                   element);
    case DType::f32:
      return write(static_cast<float>(rounded), element);
    case DType::f64:
      return write(rounded, element);
  }
}

}  // namespace plumb
