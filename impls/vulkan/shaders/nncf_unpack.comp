// codes[i * 8 / bits + j] = (packed[i] >> j * bits, low bits) - offset modulo 256, where the last code of a signed byte
// may keep its sign: an invocation makes one word (four codes) from 4 * bits bits.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"

layout(std430, binding = 0) writeonly buffer Codes { uint codes[]; };
layout(std430, binding = 1) readonly buffer Packed { uint packed[]; };
layout(push_constant) uniform Sizes {
  uint words;      // of output
  uint bits;       // of a code: 2 or 4
  uint offset;     // 0 … 127
  uint is_signed;  // bytes are two's complement, two codes each, and the high one keeps the sign
};

// Each byte of `word` minus the offset, without borrowing from its neighbour.
uint minus_offset(uint word) {
  const uint top = 0x80808080u;
  return ((word | top) - offset * 0x01010101u) ^ (~word & top);
}

void main() {
  const uint i = invocation_number();
  if (i >= words) return;
  const uint fields = packed[i * bits / 8] >> (4 * bits * i) % 32 & (1u << 4 * bits) - 1u;
  const uint pairs = (fields | fields << (16 - 2 * bits)) & ((1u << 2 * bits) - 1u) * 0x00010001u;
  uint word = (pairs | pairs << (8 - bits)) & ((1u << bits) - 1u) * 0x01010101u;
  // A high nibble of 8 or more is negative: fill the upper half of its byte with ones (8 * 0x1e = 0xf0).
  if (is_signed != 0) word |= (word & 0x08000800u) * 0x1eu;
  codes[kFirst + i] = minus_offset(word);
}
