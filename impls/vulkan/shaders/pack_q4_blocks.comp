// Rows of nibbles, even column low, become vectors of four words for 8 rows x 4 columns: byte b of word r holds row
// r * word_step in its low and the row `partner` further on in its high nibble, column b. An invocation makes one word.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"

layout(std430, binding = 0) writeonly buffer Packed { uint packed[]; };
layout(std430, binding = 1) readonly buffer Weight { uint weight[]; };  // [rows, k_blocks / 2] words of 8 columns
layout(push_constant) uniform Sizes {
  uint words;  // of output
  uint rows;
  uint k_blocks;  // of four columns
  uint n_blocks;  // of eight rows
  uint rows_innermost;  // vectors are [k_blocks, n_blocks], else [n_blocks, k_blocks]
  uint word_step;
  uint partner;
};

// Four nibbles of a row as bytes; code 0 for rows that there are not.
uint nibbles(uint n, uint k_block) {
  const uint packed_nibbles = n < rows ? weight[n * (k_blocks / 2) + k_block / 2] >> (16 * (k_block % 2)) & 0xffffu : 0x8888u;
  const uint pairs = (packed_nibbles | packed_nibbles << 8) & 0x00ff00ffu;
  return (pairs | pairs << 4) & 0x0f0f0f0fu;
}

void main() {
  const uint i = invocation_number();
  if (i >= words) return;
  const uint vector = i / 4;
  const uint k_block = rows_innermost != 0 ? vector / n_blocks : vector % k_blocks;
  const uint n_block = rows_innermost != 0 ? vector % n_blocks : vector / k_blocks;
  const uint n = 8 * n_block + i % 4 * word_step;
  packed[kFirst + i] = nibbles(n, k_block) | nibbles(n + partner, k_block) << 4;
}
