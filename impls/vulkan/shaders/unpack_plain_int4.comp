// codes[2i], codes[2i + 1] = low and high nibble of packed[i] as signed bytes: an invocation makes one word (four codes)
// from half a word.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"

layout(std430, binding = 0) writeonly buffer Codes { uint codes[]; };
layout(std430, binding = 1) readonly buffer Packed { uint packed[]; };
layout(push_constant) uniform Sizes { uint words; };  // of output

void main() {
  const uint i = invocation_number();
  if (i >= words) return;
  const uint half_word = packed[i / 2] >> (16 * (i % 2)) & 0xffffu;
  const uint pairs = (half_word | half_word << 8) & 0x00ff00ffu;
  const uint nibbles = (pairs | pairs << 4) & 0x0f0f0f0fu;
  // A nibble of 8 or more is negative: fill the upper half of its byte with ones (8 * 0x1e = 0xf0).
  codes[kFirst + i] = nibbles | (nibbles & 0x08080808u) * 0x1eu;
}
