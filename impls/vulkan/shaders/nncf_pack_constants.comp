// packed[i] = 8 / bits stored codes, the first in the lowest bits; stored = (code + offset) & (2^bits - 1): an invocation
// makes one word.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"

layout(std430, binding = 0) writeonly buffer Packed { uint packed[]; };
layout(std430, binding = 1) readonly buffer Codes { uint codes[]; };
layout(push_constant) uniform Sizes {
  uint words;  // of output
  uint count;  // of codes; the last word's missing ones are 0
  uint bits;
  uint offset;
  uint kind;
};

const uint kBytes = 0u, kI32 = 1u;  // and f32, whose fractions are cut off

uint code_at(uint i) {
  if (kind == kBytes) return codes[i / 4] >> (8 * (i % 4));
  return kind == kI32 ? codes[i] : uint(int(uintBitsToFloat(codes[i])));
}

void main() {
  const uint i = invocation_number();
  if (i >= words) return;
  const uint per_word = 32 / bits, first = i * per_word, mask = (1u << bits) - 1;
  uint word = 0;
  for (uint j = 0; j < per_word && first + j < count; ++j) {
    word |= (code_at(first + j) + offset & mask) << (j * bits);
  }
  packed[kFirst + i] = word;
}
