// code = clip(round(f32(w / scale) + zero_point)): an invocation makes one word of four.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"
#include "nncf_groups.glsl"
#include "soft_float.glsl"

layout(std430, binding = 0) writeonly buffer Codes { uint codes[]; };
layout(std430, binding = 1) readonly buffer Weight { uint weight[]; };  // bits of f32
layout(std430, binding = 2) readonly buffer Scales { uint scale[]; };
layout(std430, binding = 3) readonly buffer ZeroPoints { int zero_points[]; };  // if asymmetric

int code(uint element) {
  const uint group_index = group_of(element);
  uint value = f32_div(weight[element], scale[group_index]);
  if (asymmetric != 0) value = f32_add(value, f32_from_int(zero_points[group_index]));
  return f32_is_nan(value) ? 0 : clamp(f32_nearest_int(value), lowest_code(), int(highest_code()));
}

void main() {
  const uint i = invocation_number();
  if (i >= words) return;
  uint word = 0;
  for (uint j = 0; j < 4 && 4 * i + j < count; ++j) word |= (uint(code(4 * i + j)) & 255u) << (8 * j);
  codes[kFirst + i] = word;
}
