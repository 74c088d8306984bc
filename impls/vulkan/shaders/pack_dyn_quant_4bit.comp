// Weight bytes as f32, then scales, then bias: an invocation makes one f32. Scales and bias are moved as bits, which no
// device flushes or rounds; a byte is exact as f32.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"

layout(std430, binding = 0) writeonly buffer Packed { uint packed[]; };   // bits of f32
layout(std430, binding = 1) readonly buffer Weights { uint weights[]; };  // four bytes a word
layout(std430, binding = 2) readonly buffer Scales { uint scales[]; };    // bits of f32
layout(std430, binding = 3) readonly buffer Bias { uint bias[]; };        // bits of f32
layout(push_constant) uniform Sizes {
  uint words;         // of output
  uint weight_bytes;
  uint scale_count;
};

void main() {
  const uint i = invocation_number();
  if (i >= words) return;
  uint bits;
  if (i < weight_bytes) {
    bits = floatBitsToUint(float(weights[i / 4] >> (8 * (i % 4)) & 255u));
  } else if (i < weight_bytes + scale_count) {
    bits = scales[i - weight_bytes];
  } else {
    bits = bias[i - weight_bytes - scale_count];
  }
  packed[kFirst + i] = bits;
}
