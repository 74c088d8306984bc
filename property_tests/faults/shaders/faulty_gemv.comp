// A plain linear layer with 4-bit group-scaled weights, an output to each work group, whose 64 invocations share the
// columns and fold their sums. kFault leaves out barriers, as code does that takes a subgroup to be of so many lanes.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"
layout(constant_id = 3) const uint kFault = 0;
layout(constant_id = 4) const uint kSubgroup = 32;

layout(std430, binding = 0) writeonly buffer Output { float y[]; };     // [M, N]
layout(std430, binding = 1) readonly buffer Activation { float x[]; };  // [M, K]
layout(std430, binding = 2) readonly buffer Weight { uint weight[]; };  // [N, row_bytes], two codes to a byte
layout(std430, binding = 3) readonly buffer Scales { float scale[]; };  // [G, N]
layout(std430, binding = 4) readonly buffer Bias { float bias[]; };     // [N]
layout(push_constant) uniform Sizes {
  uint M, N, K, group, row_bytes, n_tiles;
};

shared float parts[64];

void main() {
  if (group_number() >= M * N) return;  // for the whole work group
  const uint m = group_number() / N, n = group_number() % N, lane = gl_LocalInvocationIndex;
  precise float sum = 0;
  for (uint k = lane; k < K; k += 64) {
    const uint byte = n * row_bytes + k / 2;
    const int code = int(weight[byte / 4] >> 8 * (byte % 4) + 4 * (k % 2) & 15u) - 8;
    precise float w = float(code) * scale[k / group * N + n];
    precise float product = x[m * K + k] * w;
    sum = sum + product;
  }
  parts[lane] = sum;
  // Every lane adds its partner's sum to its own, so that it matters in which order subgroups run, whichever it is.
  for (uint apart = 32; apart > 0; apart /= 2) {
    // Lanes of one subgroup would be in step.
    const bool waits = kFault == 0 || apart >= kSubgroup;
    if (waits) barrier();
    const float other = parts[lane ^ apart];
    if (waits) barrier();
    precise float both = sum + other;
    sum = both;
    parts[lane] = sum;
  }
  precise float result = sum + bias[n];
  if (lane == 0) y[kFirst + m * N + n] = result;
}
