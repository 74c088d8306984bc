// One shard: bits jw … of byte p of a row of w units = bits `below` … of code p + j w units, w the shard's width in bits
// and a unit an eighth of a row of codes. An invocation makes one word, four bytes of the shard.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"

layout(std430, binding = 0) writeonly buffer Shard { uint shard[]; };
layout(std430, binding = 1) readonly buffer Codes { uint codes[]; };  // one a byte
layout(push_constant) uniform Sizes {
  uint words;  // of output
  uint bytes;  // of output, without those that fill its last word
  uint unit;
  uint width;
  uint below;
};

uint shard_byte(uint at) {
  const uint row_bytes = width * unit, mask = (1u << width) - 1;
  uint code = at / row_bytes * 8 * unit + at % row_bytes, result = 0;
  for (uint shift = 0; shift < 8; shift += width, code += row_bytes) {
    result |= (codes[code / 4] >> (8 * (code % 4) + below) & mask) << shift;
  }
  return result;
}

void main() {
  const uint w = invocation_number();
  if (w >= words) return;
  uint word = 0;
  for (uint i = 0; i < min(4u, bytes - 4 * w); ++i) word |= shard_byte(4 * w + i) << (8 * i);
  shard[kFirst + w] = word;
}
