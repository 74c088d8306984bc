// Rows of bytes become vectors of four words for 4 rows x 4 columns, a word a row: an invocation makes one word.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"

layout(std430, binding = 0) writeonly buffer Packed { uint packed[]; };  // [k_blocks, n_blocks, 4]
layout(std430, binding = 1) readonly buffer Codes { uint codes[]; };     // [rows, k_blocks]
layout(push_constant) uniform Sizes {
  uint words;  // of output
  uint rows;
  uint k_blocks;  // of four columns
};

void main() {
  const uint i = invocation_number();
  if (i >= words) return;
  const uint padded_rows = (rows + 3) / 4 * 4, n = i % padded_rows;
  packed[kFirst + i] = n < rows ? codes[n * k_blocks + i / padded_rows] : 0;
}
