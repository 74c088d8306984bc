// y = (codes - zero_point) * scale.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "affine.glsl"

uint mapped(uint code, uint block) {
  uint value = round_as(out_type, code);
  if (shifted != 0u) value = sub_as(out_type, value, round_as(out_type, shift[block]));
  return round_as(out_type, mul_as(scaling_type, value, scale[block]));
}
