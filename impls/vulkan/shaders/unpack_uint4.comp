// codes[2i] = packed[i] & 15; codes[2i + 1] = packed[i] >> 4, which keeps the sign of a signed byte: an invocation makes
// one word (four codes) from half a word.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"

layout(std430, binding = 0) writeonly buffer Codes { uint codes[]; };
layout(std430, binding = 1) readonly buffer Packed { uint packed[]; };
layout(push_constant) uniform Sizes {
  uint words;      // of output
  uint is_signed;  // bytes are two's complement
};

void main() {
  const uint i = invocation_number();
  if (i >= words) return;
  const uint half_word = packed[i / 2] >> (16 * (i % 2)) & 0xffffu;
  const uint bytes = (half_word | half_word << 8) & 0x00ff00ffu;
  uint high = bytes >> 4 & 0x000f000fu;
  // A high nibble of 8 or more is negative: fill the upper half of its byte with ones (8 * 0x1e = 0xf0).
  if (is_signed != 0) high |= (high & 0x00080008u) * 0x1eu;
  codes[kFirst + i] = bytes & 0x000f000fu | high << 8;
}
