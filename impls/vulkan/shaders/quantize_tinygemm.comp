// codes = clamp(rne((x - (zero_point - scale * mid)) / scale)).
#version 450
#extension GL_GOOGLE_include_directive : require
#include "affine.glsl"

uint mapped(uint value, uint block) {
  const uint half_range = mul_as(scale_type, scale[block], middle);
  const uint above = sub_as(scale_type, value, sub_as(scale_type, shift[block], half_range));
  return clamped(f32_rint(div_as(scale_type, above, scale[block])), low, high);
}
