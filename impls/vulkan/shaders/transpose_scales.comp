// transposed[g, n] = scales[n, g] for elements of 1, 2 or 4 bytes: an invocation makes one word, all elements in it.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"

layout(std430, binding = 0) writeonly buffer Transposed { uint transposed[]; };
layout(std430, binding = 1) readonly buffer Scales { uint scales[]; };
layout(push_constant) uniform Sizes {
  uint words;  // of output
  uint rows;   // N
  uint groups;
  uint element_bytes;
};

void main() {
  const uint w = invocation_number();
  if (w >= words) return;
  const uint per_word = 4 / element_bytes, bits = 8 * element_bytes;
  const uint mask = bits == 32 ? 0xffffffffu : (1u << bits) - 1;
  const uint count = rows * groups;
  uint word = 0;
  for (uint i = 0; i < min(per_word, count - w * per_word); ++i) {
    const uint to = w * per_word + i, from = to % rows * groups + to / rows;
    word |= (scales[from / per_word] >> (bits * (from % per_word)) & mask) << (bits * i);
  }
  transposed[kFirst + w] = word;
}
