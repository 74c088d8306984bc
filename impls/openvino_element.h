// OpenVINO's low-bit element types as the kernels of every device need them. Nothing here is shared with the oracle.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "reference/dtype.h"

namespace plumb {

/// The types, numbered as the operators' parameter `type` is.
enum class Element : std::int32_t { u2, u3, u4, i4, u6, nf4, f4e2m1, f8e4m3, f8e5m2, f8e8m0, u1 };

/// Bits of one code.
[[nodiscard]] int element_bits(Element type);
/// Bytes of `count` elements: u3 and u6 come in units of three bytes.
[[nodiscard]] std::int64_t element_bytes(Element type, std::int64_t count);

/// For each code the bits of its value in type `out`, in the low bits of a word.
[[nodiscard]] std::vector<std::uint32_t> element_values(Element type, DType out);

/// nf4: code = how many of these a value exceeds.
inline constexpr std::array<float, 15> kNf4Thresholds = {
    -0.8480964004993439F,  -0.6106329262256622F,   -0.4599952697753906F, -0.33967943489551544F, -0.23460740596055984F,
    -0.13791173323988914F, -0.045525018125772476F, 0.03979014977812767F, 0.1202552504837513F,   0.2035212516784668F,
    0.2920137718319893F,   0.3893125355243683F,    0.5016634166240692F,  0.6427869200706482F,   0.8614784181118011F};

/// How f32 becomes a small float: to nearest even, codes of magnitudes no larger than `limit`.
struct MinifloatEncoding {
  std::uint32_t fraction_bits, bias;
  std::uint32_t limit;  ///< What larger magnitudes become.
  std::uint32_t nan;
  std::uint32_t sign;  ///< The bit that is set for negative numbers.
};

/// f4e2m1, f8e4m3 or f8e5m2.
[[nodiscard]] MinifloatEncoding minifloat_encoding(Element type);

}  // namespace plumb
