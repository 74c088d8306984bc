// values[i] = table[code of element i]: an invocation makes one word of output, of 1, 2 or 4 elements.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"

layout(std430, binding = 0) writeonly buffer Values { uint values[]; };
layout(std430, binding = 1) readonly buffer Packed { uint packed[]; };
layout(std430, binding = 2) readonly buffer Table { uint table[]; };  // for each code its value's bits
layout(push_constant) uniform Sizes {
  uint elements;
  uint bits;  // of a code: 1, 2, 3, 4, 6 or 8
  uint size;  // bytes of an output element
};

uint byte_at(uint i) { return packed[i / 4] >> (8 * (i % 4)) & 255u; }

uint code_at(uint i) {
  if (bits == 1) return byte_at(i / 8) >> (7 - i % 8) & 1u;
  if (bits == 3) {
    const uint unit = i / 8 * 3, j = i % 8;
    return byte_at(unit + j / 4) >> (6 - 2 * (j % 4)) & 3u | (byte_at(unit + 2) >> (7 - j) & 1u) << 2;
  }
  if (bits == 6) {
    const uint unit = i / 4 * 3, j = i % 4;
    return byte_at(unit + j / 2) >> (4 - 4 * (j % 2)) & 15u | (byte_at(unit + 2) >> (6 - 2 * j) & 3u) << 4;
  }
  const uint per_byte = 8 / bits;
  return byte_at(i / per_byte) >> (bits * (i % per_byte)) & (1u << bits) - 1u;
}

void main() {
  const uint i = invocation_number(), per_word = 4 / size;
  if (i >= (elements + per_word - 1) / per_word) return;
  uint word = 0;
  for (uint j = 0; j < per_word && i * per_word + j < elements; ++j) {
    word |= table[code_at(i * per_word + j)] << (8 * size * j);
  }
  values[kFirst + i] = word;
}
