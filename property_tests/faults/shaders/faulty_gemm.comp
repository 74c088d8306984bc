// A plain tiled linear layer with 4-bit group-scaled weights, and single points at which kFault makes it wrong.
//
// A work group of 64 invocations makes 4 rows of 64 outputs, 32 columns at a time with their x and scales in shared memory.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"
layout(constant_id = 3) const uint kFault = 0;
layout(constant_id = 4) const uint kSubgroup = 32;  // lanes of a warp, as the kernel is told

const uint kMissingBarrier = 1, kWarpTile = 2, kNoBoundsTest = 3, kScaleOfTile = 4, kStoreUnchecked = 5, kStaleTail = 6,
           kDividesFirst = 7;

layout(std430, binding = 0) writeonly buffer Output { float y[]; };     // [M, N]
layout(std430, binding = 1) readonly buffer Activation { float x[]; };  // [M, K]
layout(std430, binding = 2) readonly buffer Weight { uint weight[]; };  // [N, row_bytes], two codes to a byte
layout(std430, binding = 3) readonly buffer Scales { float scale[]; };  // [G, N]
layout(std430, binding = 4) readonly buffer Bias { float bias[]; };     // [N]
layout(push_constant) uniform Sizes {
  uint M, N, K, group, row_bytes, n_tiles;
};

const uint kRows = 4, kColumns = 64, kDepth = 32;
// x [4, 32], and behind it the tile's bias.
shared float tile[kRows * kDepth + kColumns];

uint group_of(uint k, uint first_k) {
  const uint last = K / group - 1;
  if (kFault == kScaleOfTile) return first_k / group;  // once for the tile, whatever groups it spans
  // The slot of a slice of 32: slice * (32 / group) where (slice * 32) / group is meant.
  if (kFault == kDividesFirst && group > 32) return min(k / 32 * (32 / group), last);
  return min(k / group, last);
}

void load_bias(uint n) {
  if (n < N) tile[kRows * kDepth + gl_LocalInvocationIndex] = bias[n];
}

void load_x(uint first_m, uint first_k) {
  for (uint i = gl_LocalInvocationIndex; i < kRows * kDepth + kColumns; i += kColumns) {
    const uint m = first_m + i / kDepth, k = first_k + i % kDepth;
    const bool in_tile = i < kRows * kDepth;
    if (kFault == kNoBoundsTest && !in_tile) tile[i] = 0;  // only the value is zeroed, the store is not left out
    if (!in_tile) continue;
    if (m < M && k < K) tile[i] = x[m * K + k];
    else if (kFault != kStaleTail || first_k == 0) tile[i] = 0;
  }
}

void main() {
  const uint first_m = group_number() / n_tiles * kRows;
  if (first_m >= M) return;  // for the whole work group
  const uint n = group_number() % n_tiles * kColumns + gl_LocalInvocationIndex;
  const uint readable = min(n, N - 1);
  load_bias(n);
  precise float sums[kRows] = {0, 0, 0, 0};
  for (uint first_k = 0; first_k < K; first_k += kDepth) {
    if (kFault != kMissingBarrier) barrier();
    load_x(first_m, first_k);
    if (kFault != kMissingBarrier) barrier();
    for (uint j = 0; j < kDepth; ++j) {
      uint k = first_k + j;
      // Beyond K, x is 0; or, if it is left as it was, so is the weight.
      if (k >= K) k = kFault == kStaleTail && first_k > 0 ? k - kDepth : K - 1;
      const uint byte = readable * row_bytes + k / 2;
      const int code = int(weight[byte / 4] >> 8 * (byte % 4) + 4 * (k % 2) & 15u) - 8;
      precise float w = float(code) * scale[group_of(k, first_k) * N + readable];
      for (uint r = 0; r < kRows; ++r) {
        precise float product = tile[r * kDepth + j] * w;
        sums[r] = sums[r] + product;
      }
    }
  }
  // A warp stores its lanes' columns; of warps there are as many as fit the tile.
  if (kFault == kWarpTile && gl_LocalInvocationIndex / kSubgroup >= kColumns / kSubgroup) return;
  for (uint r = 0; r < kRows; ++r) {
    const bool in_rows = first_m + r < M, in_columns = n < N || kFault == kStoreUnchecked;
    precise float result = sums[r] + tile[kRows * kDepth + gl_LocalInvocationIndex];
    if (in_rows && in_columns) y[kFirst + (first_m + r) * N + n] = result;
  }
}
