// What quantize_hqq stores of a group: 1/scale (option 0), its zero (1), or the value of the middle code (2), which is
// (high + 1) / 2. Without iterations the reciprocal is rounded to the stored type first. An invocation makes one word.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"
#include "soft_float.glsl"
#include "torch_elements.glsl"
#include "hqq_groups.glsl"

layout(std430, binding = 2) readonly buffer Zeros { uint zero[]; };  // bits of f32, one a group; scales are the values

uint element(uint g) {
  if (option == 1u) return round_as(type, zero[g]);
  uint reciprocal = f32_div(0x3f800000u, x[g]);
  if (iterations == 0u) reciprocal = round_as(type, reciprocal);
  if (option == 0u) return round_as(type, reciprocal);
  const uint middle = f32_mul(f32_add(high, 0x3f800000u), 0x3f000000u);
  return round_as(type, f32_mul(f32_sub(middle, zero[g]), reciprocal));
}

void main() {
  const uint w = invocation_number();
  if (w < words) y[kFirst + w] = word_of_elements(type, w, count);
}
