// codes[n, k] = (packed[n, k / 2] >> 4 (k % 2) & 15) - 8, one a byte: an invocation makes one word, four codes that may
// belong to several rows.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"

layout(std430, binding = 0) writeonly buffer Codes { uint codes[]; };
layout(std430, binding = 1) readonly buffer Packed { uint packed[]; };
layout(push_constant) uniform Sizes {
  uint words;     // of output
  uint elements;  // of output
  uint columns;
  uint row_bytes;  // of packed
};

void main() {
  const uint i = invocation_number();
  if (i >= words) return;
  uint word = 0;
  for (uint b = 0; b < 4 && 4 * i + b < elements; ++b) {
    const uint n = (4 * i + b) / columns, k = (4 * i + b) % columns;
    const uint nibble = 2 * (n * row_bytes) + k;  // counted from the tensor's start
    word |= ((packed[nibble / 8] >> (4 * (nibble % 8)) & 15u) - 8u & 255u) << (8 * b);
  }
  codes[kFirst + i] = word;
}
