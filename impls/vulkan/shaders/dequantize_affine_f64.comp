// y = (codes - zero_point) * scale: the difference in y's type, the product in f64.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "affine_f64.glsl"

uint mapped(uint code, uint block) {
  uint value = round_as(out_type, code);
  if (shifted != 0u) value = sub_as(out_type, value, round_as(out_type, shift[block]));
  return round_as(out_type, wide_to_f32(wide_mul(wide_from_f32(value), scale_of(block))));
}
