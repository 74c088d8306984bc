// For soft_float_test.cc only: y[i] = operation(a[i], b[i]) on bit patterns.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"
#include "soft_float.glsl"

layout(std430, binding = 0) writeonly buffer Output { uint y[]; };
layout(std430, binding = 1) readonly buffer First { uint a[]; };
layout(std430, binding = 2) readonly buffer Second { uint b[]; };
layout(push_constant) uniform Sizes {
  uint words;
  uint operation;
};

uint apply(uint x, uint z) {
  switch (operation) {
    case 0: return f32_add(x, z);
    case 1: return f32_sub(x, z);
    case 2: return f32_mul(x, z);
    case 3: return f32_div(x, z);
    case 4: return f32_rint(x);
    case 5: return uint(f32_nearest_int(x));
    case 6: return f32_from_int(int(x));
    case 7: return f32_round_bf16(x);
    case 8: return f32_round_f16(x);
    case 9: return f16_bits(f32_round_f16(x));
    case 10: return f32_from_f16(x & 0xffffu);
    case 11: return f32_min(x, z);
    case 12: return f32_max(x, z);
  }
  return 0u;
}

void main() {
  const uint i = invocation_number();
  if (i < words) y[kFirst + i] = apply(a[i], b[i]);
}
