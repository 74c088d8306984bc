// codes = clamp(rne(x * reciprocal) + zero_point), or with the zero point added before rounding, in f64.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "affine_f64.glsl"

uint mapped(uint value, uint block) {
  Wide q = wide_mul(wide_from_f32(value), scale_of(block));
  const uint added = shifted != 0u ? shift[block] : 0u;
  if (round_first != 0u) return clamped(f32_from_int(wide_nearest_int(q) + f32_nearest_int(added)), low, high);
  if (shifted != 0u) q = wide_add(q, wide_from_f32(added));
  return clamped(f32_from_int(wide_nearest_int(q)), low, high);
}
