// packed[w] = the low four bits of codes 8w … 8w + 7, the first in the lowest bits: an invocation makes one word.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"

layout(std430, binding = 0) writeonly buffer Packed { uint packed[]; };
layout(std430, binding = 1) readonly buffer Codes { uint codes[]; };  // i32
layout(push_constant) uniform Sizes { uint words; };                   // of output

void main() {
  const uint w = invocation_number();
  if (w >= words) return;
  uint word = 0;
  for (uint i = 0; i < 8; ++i) word |= (codes[8 * w + i] & 15u) << (4 * i);
  packed[kFirst + w] = word;
}
