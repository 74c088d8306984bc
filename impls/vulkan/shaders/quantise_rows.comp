// Quantises the rows of an activation to int8, four neighbouring columns of one group to a word:
//   code = clamp(rne(x * (1/scale[m])) + zp[m], -128, 127), in integers, so that every rounding is the prescribed one.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"
#include "soft_float.glsl"
layout(std430, binding = 0) writeonly buffer Output { uint y[]; };     // [M, row_quads], 0 beyond a group
layout(std430, binding = 1) readonly buffer Activation { uint x[]; };  // [M, groups, group]: bits of f32
layout(std430, binding = 2) readonly buffer Rows { uvec2 row[]; };     // [M]: bits of the scale, zero point
layout(push_constant) uniform Sizes {
  uint M;
  uint row_quads;
  uint groups;
  uint group;  // columns
  uint quads;  // in a group
};

const uint kOne = 0x3f800000u;

int code_of(uint value, uint reciprocal, int zp) {
  const uint quotient = f32_mul(value, reciprocal);
  const int whole = f32_is_nan(quotient) ? 0 : clamp(f32_nearest_int(quotient), -512, 512);
  return clamp(whole + zp, -128, 127);
}

void main() {
  const uint w = invocation_number();
  if (w >= M * row_quads) return;
  const uint m = w / row_quads, quad = w % row_quads, g = quad / quads;
  uint word = 0u;
  if (g < groups) {
    const uint reciprocal = f32_div(kOne, row[m].x);
    for (uint b = 0u; b < 4u; ++b) {
      const uint k = quad % quads * 4u + b;
      if (k >= group) continue;
      const int code = code_of(x[(m * groups + g) * group + k], reciprocal, int(row[m].y));
      word |= (uint(code) & 0xffu) << (8u * b);
    }
  }
  y[kFirst + w] = word;
}
