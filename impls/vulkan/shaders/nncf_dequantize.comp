// dequantized = (code - zero_point) * scale: an invocation makes one.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"
#include "nncf_groups.glsl"
#include "soft_float.glsl"

layout(std430, binding = 0) writeonly buffer Output { uint dequantized[]; };  // bits of f32
layout(std430, binding = 1) readonly buffer Codes { uint codes[]; };          // four a word
layout(std430, binding = 2) readonly buffer Scales { uint scale[]; };
layout(std430, binding = 3) readonly buffer ZeroPoints { int zero_points[]; };  // if asymmetric

void main() {
  const uint i = invocation_number();
  if (i >= words) return;
  const uint group_index = group_of(i), stored = codes[i / 4] >> (8 * (i % 4)) & 255u;
  const int code = asymmetric != 0 ? int(stored) - zero_points[group_index] : int(stored ^ 128u) - 128;
  dequantized[kFirst + i] = f32_mul(f32_from_int(code), scale[group_index]);
}
