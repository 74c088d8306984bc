// y[m, k] = (nibble[index[m], k] - 8) * scale[index[m], k / group]: an invocation makes one element.
//
// Vulkan promises neither subnormals, nor infinities and NaN, nor round-to-nearest for its f32 multiplication, and
// upstream's results have all of them. So the product is computed in integers, exactly and rounded once to nearest even
// (IEEE 754, section 4.3.1), on every device alike.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"

layout(std430, binding = 0) writeonly buffer Output { uint y[]; };     // bits of f32
layout(std430, binding = 1) readonly buffer Indices { uint index[]; };
layout(std430, binding = 2) readonly buffer Table { uint table[]; };   // 8 codes a word, low nibble first
layout(std430, binding = 3) readonly buffer Scales { uint scale[]; };  // bits of f32, [N, groups]
layout(push_constant) uniform Sizes {
  uint elements;  // of output
  uint columns;
  uint row_words;  // words of a row of the table
  uint group;
};

const uint kSign = 0x80000000u, kInfinity = 0x7f800000u, kQuiet = 0x00400000u, kHidden = 0x00800000u;

uint infinite_product(uint sign, uint magnitude, uint factor) {
  const bool is_nan = magnitude > kInfinity || factor == 0;
  return is_nan ? magnitude | kInfinity | kQuiet : sign | kInfinity;
}

// f32 bits of scale * code, -8 <= code <= 7.
uint product(uint scale_bits, int code) {
  const uint sign = (scale_bits ^ uint(code)) & kSign;
  const uint magnitude = scale_bits & ~kSign, factor = uint(abs(code));
  if (magnitude >= kInfinity) return infinite_product(sign, magnitude, factor);
  if (magnitude == 0 || factor == 0) return sign;

  // |scale| = significand 2^(exponent - 150), where subnormals have exponent 1 and no hidden bit.
  uint exponent = max(magnitude >> 23, 1u);
  const uint fraction = magnitude & (kHidden - 1);
  uint significand = (magnitude < kHidden ? fraction : fraction | kHidden) * factor;  // < 2^27
  const uint excess = uint(max(findMSB(significand) - 23, 0));                        // bits beyond 24
  const uint rest = significand & ((1u << excess) - 1), middle = (1u << excess) >> 1;
  significand >>= excess;
  exponent += excess;
  if (rest > middle || (excess > 0 && rest == middle && (significand & 1) != 0)) ++significand;

  // Adding the significand to the exponent's field drops the hidden bit, lets a carry from rounding step into the next
  // exponent, and leaves subnormals (exponent 1, no hidden bit) with field 0.
  const uint bits = ((exponent - 1) << 23) + significand;
  return sign | min(bits, kInfinity);
}

void main() {
  const uint i = invocation_number();
  if (i >= elements) return;
  const uint row = index[i / columns], k = i % columns;
  const uint nibble = table[row * row_words + k / 8] >> (4 * (k % 8)) & 15u;
  y[kFirst + i] = product(scale[row * (columns / group) + k / group], int(nibble) - 8);
}
