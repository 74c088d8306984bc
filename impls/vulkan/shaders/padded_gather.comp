// y[row, column] = x[row * row_stride + column * column_stride] for column < columns, else 0; elements of 2 or 4 bytes.
// An invocation makes one word.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"

layout(std430, binding = 0) writeonly buffer Output { uint y[]; };
layout(std430, binding = 1) readonly buffer Input { uint x[]; };
layout(push_constant) uniform Sizes {
  uint words;          // of output
  uint elements;       // of output
  uint element_bytes;  // 2 or 4
  uint width;          // of a row of output
  uint columns;
  uint row_stride;
  uint column_stride;
};

uint element(uint i) {
  const uint row = i / width, column = i % width;
  if (i >= elements || column >= columns) return 0;
  const uint at = row * row_stride + column * column_stride;
  return element_bytes == 4 ? x[at] : x[at / 2] >> (16 * (at % 2)) & 0xffffu;
}

void main() {
  const uint i = invocation_number();
  if (i >= words) return;
  y[kFirst + i] = element_bytes == 4 ? element(i) : element(2 * i) | element(2 * i + 1) << 16;
}
