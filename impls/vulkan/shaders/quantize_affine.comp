// codes = clamp(rne(x * (1/scale)) + zero_point), or with the zero point added before rounding.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "affine.glsl"

uint mapped(uint value, uint block) {
  const uint reciprocal = div_as(scale_type, 0x3f800000u, scale[block]);
  uint q = mul_as(scaling_type, value, reciprocal);
  if (round_first != 0u) q = f32_rint(q);
  if (shifted != 0u) q = add_as(shifting_type, q, round_as(shifting_type, shift[block]));
  return clamped(f32_rint(q), low, high);
}
