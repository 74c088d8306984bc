// Element i of `packed` = the code that values[i] is converted to: an invocation makes one word of output, four bytes,
// in integers alone, on the bits of f32.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"
#include "soft_float.glsl"

layout(std430, binding = 0) writeonly buffer Packed { uint packed[]; };
layout(std430, binding = 1) readonly buffer Values { uint values[]; };
layout(std430, binding = 2) readonly buffer Thresholds { uint thresholds[]; };  // of nf4
layout(push_constant) uniform Sizes {
  uint bytes;     // of output
  uint elements;
  uint bits;      // of a code: 2, 3, 4, 6 or 8
  uint encoding;  // what values are and become: the constants below
  uint fraction_bits, bias, limit, nan, sign;  // of a small float
};

const uint kInteger = 0, kTruncated = 1, kNf4 = 2, kMinifloat = 3, kMinifloatThroughF16 = 4, kE8m0 = 5;

// |x| truncated, modulo 2^32, negated if x is negative; 0 for NaN and infinities.
uint truncated(uint x) {
  const int exponent = int(x >> 23 & 0xffu) - 127;
  const uint significand = x & 0x7fffffu | 0x800000u;
  uint whole = 0;
  if (exponent >= 0 && exponent <= 23) whole = significand >> (23 - exponent);
  if (exponent > 23 && exponent < 55) whole = significand << (exponent - 23);
  return (x & kSign) != 0 ? 0u - whole : whole;
}

// x >> n, to nearest even.
uint shift_right_rounded(uint x, int n) {
  const uint quarters = shift_right_sticky(x, n - 2);
  return (quarters >> 2) + ((quarters & 3u) + (quarters >> 2 & 1u) > 2u ? 1u : 0u);
}

uint minifloat(uint x) {
  if (f32_is_nan(x)) return nan;
  const uint magnitude = f32_abs(x);
  const int exponent = int(magnitude >> 23), lowest = 128 - int(bias);  // biased as f32's are
  if (exponent == 255) return limit;
  if (exponent == 0) return 0u;  // f32's subnormals are far below all of these types' numbers
  const int dropped = 23 - int(fraction_bits) + max(lowest - exponent, 0);
  // The leading one counts for one exponent.
  const uint units = shift_right_rounded(magnitude & 0x7fffffu | 0x800000u, dropped);
  return min(units + (uint(max(exponent - lowest, 0)) << fraction_bits), limit);
}

uint nf4(uint x) {
  uint code = 0;
  for (uint i = 0; i < 15; ++i) {
    if (!f32_is_nan(x) && f32_less(thresholds[i], x)) ++code;
  }
  return code;
}

uint e8m0(uint x) {
  if ((x & kSign) != 0) return 0u;
  if (f32_is_nan(x)) return 255u;
  return min((x + 0x3fffffu + (x >> 23 & 1u)) >> 23, 254u);
}

uint code_at(uint i) {
  if (i >= elements) return 0u;
  const uint x = values[i];
  if (encoding == kTruncated) return truncated(x) & (1u << bits) - 1u;
  if (encoding == kNf4) return nf4(x);
  if (encoding == kE8m0) return e8m0(x);
  if (encoding == kInteger) return x & (1u << bits) - 1u;
  const uint rounded = encoding == kMinifloatThroughF16 ? f32_round_f16(x) : x;
  return minifloat(rounded) | ((x & kSign) != 0 ? sign : 0u);
}

// What the j-th code of a unit puts into the unit's byte `place`: types of 3 and 6 bits have units of three bytes.
uint field(uint code, uint place, uint j) {
  if (bits == 3) {
    if (place == 2) return code >> 2 << (7 - j);
    return j / 4 == place ? (code & 3u) << (6 - 2 * (j % 4)) : 0u;
  }
  if (bits == 6) {
    if (place == 2) return code >> 4 << (6 - 2 * j);
    return j / 2 == place ? (code & 15u) << (4 - 4 * (j % 2)) : 0u;
  }
  return code << (bits * j);
}

void main() {
  const uint i = invocation_number();
  if (i >= (bytes + 3) / 4) return;
  const uint unit_bytes = bits % 3 == 0 ? 3 : 1, unit_codes = 8 * unit_bytes / bits;
  uint word = 0;
  // One loop over the codes of all four bytes: drivers unroll nested ones, and the conversions are long.
  for (uint k = 0; k < 4 * unit_codes; ++k) {
    const uint byte = k / unit_codes, j = k % unit_codes, at = 4 * i + byte;
    if (at >= bytes) break;
    const uint code = code_at(at / unit_bytes * unit_codes + j);
    word |= field(code, at % unit_bytes, j) << (8 * byte);
  }
  packed[kFirst + i] = word;
}
