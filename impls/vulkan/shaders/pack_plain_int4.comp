// packed[i] = codes[2i] & 15 | (codes[2i + 1] & 15) << 4, codes being bytes: an invocation makes one word of output from
// two of input.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"

layout(std430, binding = 0) writeonly buffer Packed { uint packed[]; };
layout(std430, binding = 1) readonly buffer Codes { uint codes[]; };
layout(push_constant) uniform Sizes { uint words; };  // of output; input is padded to twice as many

// Four codes, one a byte, as 16 bits.
uint pack_word(uint word) {
  const uint nibbles = word & 0x0f0f0f0fu;
  const uint pairs = (nibbles | nibbles >> 4) & 0x00ff00ffu;
  return (pairs | pairs >> 8) & 0xffffu;
}

void main() {
  const uint i = invocation_number();
  if (i >= words) return;
  packed[kFirst + i] = pack_word(codes[2 * i]) | pack_word(codes[2 * i + 1]) << 16;
}
