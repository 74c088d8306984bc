#include "impls/openvino_element.h"

#include <Eigen/Core>
#include <bit>
#include <cmath>
#include <limits>

namespace plumb {
namespace {

constexpr std::array<float, 16> kNf4Values = {-1.0F,
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
                                              1.0F};

constexpr std::array<float, 8> kF4Magnitudes = {0, 0.5F, 1, 1.5F, 2, 3, 4, 6};

float half_to_float(std::uint32_t bits) {
  return static_cast<float>(Eigen::numext::bit_cast<Eigen::half>(static_cast<std::uint16_t>(bits)));
}

float value_of(Element type, std::uint32_t code) {
  const float sign = (code & 0x80U) != 0 ? -1.0F : 1.0F;
  switch (type) {
    case Element::i4:
      return static_cast<float>(static_cast<int>(code ^ 8U) - 8);
    case Element::nf4:
      return kNf4Values[code];
    case Element::f4e2m1:
      return (code & 8U) != 0 ? -kF4Magnitudes[code & 7U] : kF4Magnitudes[code & 7U];
    case Element::f8e4m3:
      // The bits of an f16 with an exponent that is biased by 8 more, or a NaN.
      if ((code & 0x7fU) == 0x7fU) return sign * std::numeric_limits<float>::quiet_NaN();
      return sign * half_to_float((code & 0x7fU) << 7) * 256;
    case Element::f8e5m2:
      return half_to_float(code << 8);
    case Element::f8e8m0:
      if (code == 0xffU) return std::numeric_limits<float>::quiet_NaN();
      return code == 0 ? std::bit_cast<float>(0x400000U) : std::bit_cast<float>(code << 23);
    default:
      return static_cast<float>(code);
  }
}

std::uint32_t bits_of(float value, DType out) {
  switch (out) {
    case DType::f32:
      return std::bit_cast<std::uint32_t>(value);
    case DType::f16:
      return Eigen::half(value).x;
    case DType::i32:
      return static_cast<std::uint32_t>(static_cast<std::int32_t>(value));
    default:
      return static_cast<std::uint32_t>(static_cast<std::int32_t>(value)) & 0xffU;
  }
}

}  // namespace

int element_bits(Element type) {
  switch (type) {
    case Element::u1:
      return 1;
    case Element::u2:
      return 2;
    case Element::u3:
      return 3;
    case Element::u6:
      return 6;
    case Element::u4:
    case Element::i4:
    case Element::nf4:
    case Element::f4e2m1:
      return 4;
    default:
      return 8;
  }
}

std::int64_t element_bytes(Element type, std::int64_t count) {
  const int bits = element_bits(type);
  if (bits == 3) return (count + 7) / 8 * 3;
  if (bits == 6) return (count + 3) / 4 * 3;
  return (count * bits + 7) / 8;
}

std::vector<std::uint32_t> element_values(Element type, DType out) {
  std::vector<std::uint32_t> values;
  for (std::uint32_t code = 0; code < 1U << element_bits(type); ++code) {
    values.push_back(bits_of(value_of(type, code), out));
  }
  return values;
}

MinifloatEncoding minifloat_encoding(Element type) {
  if (type == Element::f4e2m1) return {1, 1, 7, 7, 8};
  if (type == Element::f8e4m3) return {3, 7, 0x7f, 0x7f, 0x80};
  return {2, 15, 0x7c, 0x7e, 0x80};
}

}  // namespace plumb
