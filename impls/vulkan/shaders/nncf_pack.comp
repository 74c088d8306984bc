// packed[i] = the low bits of codes[i * 8 / bits + j] at bit j * bits, with some bits flipped: an invocation makes one
// word of output from 8 / bits words of input.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"

layout(std430, binding = 0) writeonly buffer Packed { uint packed[]; };
layout(std430, binding = 1) readonly buffer Codes { uint codes[]; };
layout(push_constant) uniform Sizes {
  uint words;  // of output; input is padded to 8 / bits times as many
  uint bits;   // of a code: 2 or 4
  uint flip;   // bits of the output to flip: 8 in each nibble adds 8 modulo 16
};

// Four codes, one a byte, as 4 * bits bits.
uint pack_word(uint word) {
  const uint single = word & ((1u << bits) - 1u) * 0x01010101u;
  const uint pairs = (single | single >> (8 - bits)) & ((1u << 2 * bits) - 1u) * 0x00010001u;
  return (pairs | pairs >> (16 - 2 * bits)) & (1u << 4 * bits) - 1u;
}

void main() {
  const uint i = invocation_number();
  if (i >= words) return;
  const uint count = 8 / bits;
  uint word = 0;
  for (uint j = 0; j < count; ++j) word |= pack_word(codes[count * i + j]) << (4 * bits * j);
  packed[kFirst + i] = word ^ flip;
}
