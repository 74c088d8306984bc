// packed[n, b, j] = q(b * block + 2j) | q(b * block + 2j + 1) << 4, with q(k) = codes[k, n] & 15 and some bits flipped, 0
// beyond the block or the last row: an invocation makes one word of output, four bytes in flat order.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"

layout(std430, binding = 0) writeonly buffer Packed { uint packed[]; };
layout(std430, binding = 1) readonly buffer Codes { uint codes[]; };
layout(push_constant) uniform Sizes {
  uint bytes;    // of output
  uint rows;     // K
  uint columns;  // N
  uint block;
  uint flip;  // 8 adds 8 modulo 16
};

uint stored(uint k, uint n, uint end) {
  if (k >= end) return 0;
  const uint at = k * columns + n;
  return (codes[at / 4] >> (8 * (at % 4)) ^ flip) & 15u;
}

uint packed_byte(uint at) {
  const uint pairs = (block + 1) / 2, blocks = (rows + block - 1) / block;
  const uint j = at % pairs, b = at / pairs % blocks, n = at / pairs / blocks;
  const uint k = b * block + 2 * j, end = min((b + 1) * block, rows);
  return stored(k, n, end) | stored(k + 1, n, end) << 4;
}

void main() {
  const uint i = invocation_number();
  if (i >= (bytes + 3) / 4) return;
  uint word = 0;
  for (uint j = 0; j < 4 && 4 * i + j < bytes; ++j) word |= packed_byte(4 * i + j) << (8 * j);
  packed[kFirst + i] = word;
}
