// An invocation makes one word: four bytes, eight rows of a column. A block has a multiple of 16 rows, so that a word
// never holds two columns.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"
#include "aten_int4.glsl"

layout(std430, binding = 0) writeonly buffer Packed { uint packed[]; };
layout(std430, binding = 1) readonly buffer Codes { uint codes[]; };  // i32, [rows, columns]

void main() {
  const uint w = invocation_number();
  if (w >= words) return;
  const uint row = 4 * w / (block_rows * columns / 2) * block_rows, pairs = pairs_of(row);
  const uint in_block = 4 * w - row * columns / 2, column = in_block / pairs;
  uint word = 0;
  for (uint i = 0; i < 4; ++i) {
    const uint pair = in_block % pairs + i;
    const uint low = row + (has_halves(row) ? pair : 2 * pair), high = has_halves(row) ? low + pairs : low + 1;
    word |= (codes[low * columns + column] | codes[high * columns + column] << 4) << (8 * i);
  }
  packed[kFirst + w] = word;
}
