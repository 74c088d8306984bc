// Two codes a byte, even columns low, nibble 0 after an odd number of them: an invocation makes one word, four bytes that
// may belong to several rows.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"
#include "q4gsw_requant.glsl"

void main() {
  const uint i = invocation_number();
  if (i >= words) return;
  const uint row_bytes = (columns + 1) / 2;
  uint word = 0;
  for (uint b = 0; b < 4; ++b) {
    const uint n = (4 * i + b) / row_bytes, k = 2 * ((4 * i + b) % row_bytes);
    if (n >= rows) break;
    const uint high = k + 1 < columns ? code_of(n, k + 1) : 0u;
    word |= (code_of(n, k) | high << 4) << (8 * b);
  }
  packed[kFirst + i] = word;
}
