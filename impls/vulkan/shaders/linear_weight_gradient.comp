// d_w[n, k] = sum_m d_out[m, n] * x[m, k]: a work group makes a tile of outputs by columns, kDepth rows of activation
// at a time in shared memory; an invocation kEach by kEach elements of it.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"

layout(std430, binding = 0) writeonly buffer Output { float y[]; };
layout(std430, binding = 1) readonly buffer Gradient { float d_out[]; };
layout(std430, binding = 2) readonly buffer Activation { float x[]; };
layout(push_constant) uniform Sizes {
  uint M;
  uint N;
  uint K;
};

const uint kEach = 4, kDepth = 16;
shared float d_tile[kDepth * gl_WorkGroupSize.y * kEach];  // [row, output]
shared float x_tile[kDepth * gl_WorkGroupSize.x * kEach];  // [row, column]

// Zeros beyond the tensors.
void load_tiles(uint first_m, uint first_n, uint first_k) {
  const uint outputs = gl_WorkGroupSize.y * kEach, columns = gl_WorkGroupSize.x * kEach;
  const uint invocations = gl_WorkGroupSize.x * gl_WorkGroupSize.y;
  for (uint i = gl_LocalInvocationIndex; i < kDepth * outputs; i += invocations) {
    const uint m = first_m + i / outputs, n = first_n + i % outputs;
    d_tile[i] = m < M && n < N ? d_out[m * N + n] : 0.0;
  }
  for (uint i = gl_LocalInvocationIndex; i < kDepth * columns; i += invocations) {
    const uint m = first_m + i / columns, k = first_k + i % columns;
    x_tile[i] = m < M && k < K ? x[m * K + k] : 0.0;
  }
}

void main() {
  const uint outputs = gl_WorkGroupSize.y * kEach, columns = gl_WorkGroupSize.x * kEach;
  const uint k_tiles = (K + columns - 1) / columns;
  const uint first_n = group_number() / k_tiles * outputs, first_k = group_number() % k_tiles * columns;
  if (first_n >= N) return;  // for the whole work group
  const uint own_n = gl_LocalInvocationID.y * kEach, own_k = gl_LocalInvocationID.x * kEach;
  vec4 sum[kEach];
  for (uint r = 0; r < kEach; ++r) sum[r] = vec4(0);
  for (uint first_m = 0; first_m < M; first_m += kDepth) {
    barrier();  // the tiles before have been read
    load_tiles(first_m, first_n, first_k);
    barrier();
    for (uint i = 0; i < min(kDepth, M - first_m); ++i) {
      const uint at = i * columns + own_k;
      const vec4 columns_of_x = vec4(x_tile[at], x_tile[at + 1], x_tile[at + 2], x_tile[at + 3]);
      for (uint r = 0; r < kEach; ++r) {
        precise const vec4 product = d_tile[i * outputs + own_n + r] * columns_of_x;
        precise const vec4 next = sum[r] + product;
        sum[r] = next;
      }
    }
  }
  for (uint r = 0; r < kEach; ++r) {
    for (uint c = 0; c < 4; ++c) {
      const uint n = first_n + own_n + r, k = first_k + own_k + c;
      if (n < N && k < K) y[kFirst + n * K + k] = sum[r][c];
    }
  }
}
