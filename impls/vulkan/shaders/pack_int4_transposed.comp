// Rows of nibbles, even column high, are transposed: byte j of a column's word for eight rows holds row j in its high and
// row j + 4 in its low nibble. An invocation makes one word.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"

layout(std430, binding = 0) writeonly buffer Packed { uint packed[]; };  // [columns, n_blocks]
layout(std430, binding = 1) readonly buffer Weight { uint weight[]; };   // bytes [8 n_blocks, row_bytes]
layout(push_constant) uniform Sizes {
  uint words;     // of output
  uint n_blocks;  // of eight rows
  uint row_bytes;
};

uint nibble(uint n, uint k) {
  const uint at = n * row_bytes + k / 2;
  return weight[at / 4] >> (8 * (at % 4) + (k % 2 == 0 ? 4 : 0)) & 15u;
}

void main() {
  const uint i = invocation_number();
  if (i >= words) return;
  const uint k = i / n_blocks, n = 8 * (i % n_blocks);
  uint word = 0;
  for (uint j = 0; j < 4; ++j) word |= (nibble(n + j, k) << 4 | nibble(n + j + 4, k)) << (8 * j);
  packed[kFirst + i] = word;
}
