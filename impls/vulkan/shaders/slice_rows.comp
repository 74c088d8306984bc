// y[row, i] = x[first + row * row_bytes + i] for i < part_bytes: an invocation makes one word, four bytes of output.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"

layout(std430, binding = 0) writeonly buffer Output { uint y[]; };
layout(std430, binding = 1) readonly buffer Input { uint x[]; };
layout(push_constant) uniform Sizes {
  uint words;       // of output
  uint bytes;       // of output
  uint part_bytes;  // of a row of output
  uint row_bytes;   // of a row of input
  uint first;       // byte of input where the part starts
};

void main() {
  const uint w = invocation_number();
  if (w >= words) return;
  uint word = 0u;
  for (uint i = 4u * w; i < min(4u * w + 4u, bytes); ++i) {
    const uint at = first + i / part_bytes * row_bytes + i % part_bytes;
    word |= (x[at / 4u] >> (8u * (at % 4u)) & 0xffu) << (8u * (i % 4u));
  }
  y[kFirst + w] = word;
}
