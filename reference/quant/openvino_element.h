// OpenVINO's element types of fewer than 16 bits: what their codes mean, and conversions from and to them.
#pragma once

#include <span>

#include "reference/op.h"

namespace plumb {

/// A low-bit element type. Elements lie in flat order, in units of whole bytes.
struct ElementType {
  const char* name;    ///< As OpenVINO has it, e.g. "f8e4m3".
  const char* layout;  ///< Where the codes' bits lie.
  int unit_elements;   ///< Elements of the smallest unit that fills whole bytes …
  int unit_bytes;      ///< … and its bytes.
  bool is_float;       ///< Whether values are floating-point numbers: then there is no conversion from or to integers.
};

/// All of them. Positions are the values of the parameter `type`; "u1" is last, as nothing is converted to it.
[[nodiscard]] std::span<const ElementType> all_element_types();

/// The value that a code, as unsigned bits, stands for. `type` is one of all_element_types().
/// Source: OpenVINO 2026.4, src/core/src/type; OCP Microscaling Formats 1.0.
[[nodiscard]] double element_value(const ElementType& type, int code);

/// The code, as unsigned bits, that a value is converted to.
///   integers: truncated towards zero, of which the low bits are kept; NaN and infinities give 0;
///   nf4: the nearest of its values, as upstream's thresholds tell (midpoints to within an ulp of f32); NaN gives 0;
///   f4e2m1: to nearest even, saturating; f8e4m3: to nearest even, beyond the largest NaN;
///   f8e5m2: to nearest even *through f16*, overflow to infinity;
///   f8e8m0: the nearest power of two, ties to the even exponent; what is negative gives code 0.
/// Source: OpenVINO 2026.4, src/core/src/type.
[[nodiscard]] int element_code(const ElementType& type, double value);

/// values[i] = the value of element i, rounded to nearest even in the output's type; negative ones as u8 modulo 256.
/// Padding bits mean nothing.
/// Source: OpenVINO 2026.4, Convert from a low-bit constant or parameter, CPU plugin.
Op ov_unpack();

/// Element i = the code that values[i] is converted to; padding bits are 0.
/// Source: OpenVINO 2026.4, Convert to a low-bit type, CPU plugin.
Op ov_pack();

}  // namespace plumb
