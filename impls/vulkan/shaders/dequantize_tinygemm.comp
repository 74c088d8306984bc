// y = (codes - mid) * scale + zero_point.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "affine.glsl"

uint mapped(uint code, uint block) {
  const uint offset = sub_as(scale_type, round_as(scale_type, code), middle);
  return add_as(scale_type, mul_as(scale_type, offset, scale[block]), shift[block]);
}
