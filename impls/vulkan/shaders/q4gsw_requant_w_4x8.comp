// Vectors [columns / 4, row blocks] of four words for 4 columns x 8 rows; byte b of word p holds rows 2p (low nibble) and
// 2p + 1, column b. An invocation makes one word.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"
#include "q4gsw_requant.glsl"

void main() {
  const uint i = invocation_number();
  if (i >= words) return;
  const uint row_words = (rows + 7) / 8 * 4;  // of a block of columns
  const uint n = 2 * (i % row_words), k = 4 * (i / row_words);
  uint word = 0;
  for (uint b = 0; b < 4; ++b) {
    const uint low = n < rows ? code_of(n, k + b) : 8u, high = n + 1 < rows ? code_of(n + 1, k + b) : 8u;
    word |= (low | high << 4) << (8 * b);
  }
  packed[kFirst + i] = word;
}
