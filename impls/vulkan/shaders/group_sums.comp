// sums[g, n] = sum of the signed bytes codes[n, k] over the k of group g, and 0 for n beyond N: an invocation makes one.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"

layout(std430, binding = 0) writeonly buffer Sums { int sums[]; };   // [K / group, N padded to 8]
layout(std430, binding = 1) readonly buffer Codes { int codes[]; };  // bytes [N, K]
layout(push_constant) uniform Sizes {
  uint words;  // of output
  uint rows;
  uint columns;
  uint group;
};

void main() {
  const uint i = invocation_number();
  if (i >= words) return;
  const uint padded_rows = (rows + 7) / 8 * 8, n = i % padded_rows;
  int sum = 0;
  if (n < rows) {
    const uint first = n * columns + i / padded_rows * group;
    for (uint at = first; at < first + group; ++at) sum += bitfieldExtract(codes[at / 4], int(8 * (at % 4)), 8);
  }
  sums[kFirst + i] = sum;
}
