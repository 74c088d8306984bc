// The nibbles of each byte change places: an invocation makes one word.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"

layout(std430, binding = 0) writeonly buffer Output { uint y[]; };
layout(std430, binding = 1) readonly buffer Input { uint x[]; };
layout(push_constant) uniform Sizes { uint words; };

void main() {
  const uint i = invocation_number();
  if (i < words) y[kFirst + i] = (x[i] & 0x0f0f0f0fu) << 4 | (x[i] >> 4 & 0x0f0f0f0fu);
}
