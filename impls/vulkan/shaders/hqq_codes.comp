// Codes of the half-quadratic quantisers: clamp(rne(w * scale + zero)), or with option = 1 clamp(rne(w / scale)). An
// invocation makes one word.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"
#include "soft_float.glsl"
#include "torch_elements.glsl"
#include "hqq_groups.glsl"

layout(std430, binding = 2) readonly buffer Scales { uint scale[]; };  // bits of f32, one a group
layout(std430, binding = 3) readonly buffer Zeros { uint zero[]; };    // likewise, or one word for none

uint element(uint i) {
  const uint g = group_of(i);
  const uint q = option != 0u ? f32_div(x[i], scale[g]) : f32_add(f32_mul(x[i], scale[g]), zero[g]);
  return clamped(f32_rint(q), low, high);
}

void main() {
  const uint w = invocation_number();
  if (w < words) y[kFirst + w] = word_of_elements(type, w, count);
}
