// packed[n, j] = codes[n, 2j] + 8 | codes[n, 2j + 1] + 8 << 4, with code 0 beyond a row's end: an invocation makes one
// word, four bytes that may belong to several rows.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"

layout(std430, binding = 0) writeonly buffer Packed { uint packed[]; };
layout(std430, binding = 1) readonly buffer Codes { uint codes[]; };
layout(push_constant) uniform Sizes {
  uint words;  // of output
  uint bytes;  // of output
  uint columns;
  uint row_bytes;   // of output
  uint code_bytes;  // of an element of codes: 1, 4 or 8, of which the lowest says all
};

uint nibble(uint n, uint k) {
  if (k >= columns) return 8u;
  const uint at = (n * columns + k) * code_bytes;
  return (codes[at / 4] >> (8 * (at % 4))) + 8u & 15u;
}

void main() {
  const uint i = invocation_number();
  if (i >= words) return;
  uint word = 0;
  for (uint b = 0; b < 4 && 4 * i + b < bytes; ++b) {
    const uint n = (4 * i + b) / row_bytes, k = 2 * ((4 * i + b) % row_bytes);
    word |= (nibble(n, k) | nibble(n, k + 1) << 4) << (8 * b);
  }
  packed[kFirst + i] = word;
}
