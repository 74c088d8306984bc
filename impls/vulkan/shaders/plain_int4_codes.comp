// codes = clamp(rne((w - min) / scale), 0, 15) - 8, or clamp(rne(w / scale), -8, 7): an invocation makes one word of
// four.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"
#include "soft_float.glsl"
#include "torch_elements.glsl"
#include "plain_int4.glsl"

layout(std430, binding = 2) readonly buffer Scales { uint scale[]; };  // bits of f32, one a group
layout(std430, binding = 3) readonly buffer Mins { uint smallest[]; };  // likewise; zeros if symmetric

uint element(uint i) {
  const uint g = i % columns / group * rows + i / columns;
  const uint q = f32_rint(f32_div(f32_sub(x[i], smallest[g]), scale[g]));
  if (symmetric != 0u) return clamped(q, 0xc1000000u, 0x40e00000u);
  return f32_sub(clamped(q, 0u, 0x41700000u), 0x41000000u);
}

void main() {
  const uint w = invocation_number();
  if (w < words) y[kFirst + w] = word_of_elements(type, w, count);
}
