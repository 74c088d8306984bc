// Codes of 1 to 7 bits from the shards that have 4, 2 and 1 of them, the low bits in the widest. In a row of w units of
// the shard of width w, code p of eight units lies in byte p % row, bits p / row * w … . An invocation makes one word,
// four codes.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"

layout(std430, binding = 0) writeonly buffer Codes { uint codes[]; };  // one a byte
layout(std430, binding = 1) readonly buffer Shard4 { uint shard4[]; };
layout(std430, binding = 2) readonly buffer Shard2 { uint shard2[]; };
layout(std430, binding = 3) readonly buffer Shard1 { uint shard1[]; };
layout(push_constant) uniform Sizes {
  uint words;  // of output
  uint bytes;  // of output, without those that fill its last word
  uint unit;
  uint bits;
};

// Where a code's part lies in the shard of a width: word, and its first bit there.
struct Place {
  uint word, bit;
};

Place place_of(uint code, uint width) {
  const uint row = code / (8 * unit), in_row = code % (8 * unit), row_bytes = width * unit;
  const uint at = row * row_bytes + in_row % row_bytes;
  return Place(at / 4, 8 * (at % 4) + in_row / row_bytes * width);
}

uint code_at(uint at) {
  uint code = 0, below = 0;
  if ((bits & 4u) != 0) {
    const Place place = place_of(at, 4);
    code = shard4[place.word] >> place.bit & 15u;
    below = 4;
  }
  if ((bits & 2u) != 0) {
    const Place place = place_of(at, 2);
    code |= (shard2[place.word] >> place.bit & 3u) << below;
    below += 2;
  }
  if ((bits & 1u) != 0) {
    const Place place = place_of(at, 1);
    code |= (shard1[place.word] >> place.bit & 1u) << below;
  }
  return code;
}

void main() {
  const uint w = invocation_number();
  if (w >= words) return;
  uint word = 0;
  for (uint i = 0; i < min(4u, bytes - 4 * w); ++i) word |= code_at(4 * w + i) << (8 * i);
  codes[kFirst + w] = word;
}
