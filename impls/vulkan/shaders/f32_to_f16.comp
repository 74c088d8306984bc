// halves[i] = x[i] rounded to f16: an invocation makes one word of two.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"
#include "soft_float.glsl"

layout(std430, binding = 0) writeonly buffer Halves { uint halves[]; };
layout(std430, binding = 1) readonly buffer Input { uint x[]; };  // bits of f32, an even number
layout(push_constant) uniform Sizes { uint words; };              // of output

void main() {
  const uint i = invocation_number();
  if (i >= words) return;
  halves[kFirst + i] = f16_bits(f32_round_f16(x[2 * i])) | f16_bits(f32_round_f16(x[2 * i + 1])) << 16;
}
