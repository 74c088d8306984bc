// A linear layer for many rows of activation. An invocation makes kRows rows of eight outputs; a work group local_size_y *
// kRows rows of local_size_x blocks, kDepth blocks of columns at a time with their x in shared memory.
#include "grid.glsl"
layout(constant_id = 3) const uint kDepth = 8;
#include "grouped_linear.glsl"

const uint kRows = 4;
shared vec4 x_tile[gl_WorkGroupSize.y * kRows * kDepth];  // [row, block of columns]

void load_x_tile(uint first_m, uint first_k) {
  const uint size = gl_WorkGroupSize.y * kRows * kDepth;
  for (uint i = gl_LocalInvocationIndex; i < size; i += gl_WorkGroupSize.x * gl_WorkGroupSize.y) {
    const uint m = first_m + i / kDepth, k_block = first_k + i % kDepth;
    x_tile[i] = m < M && k_block < k_blocks ? activation(m, k_block) : vec4(0);
  }
}

void main() {
  const uint n_tiles = (n_blocks + gl_WorkGroupSize.x - 1) / gl_WorkGroupSize.x;
  const uint first_m = group_number() / n_tiles * gl_WorkGroupSize.y * kRows;
  if (first_m >= M) return;  // for the whole work group
  const uint first_row = gl_LocalInvocationID.y * kRows;
  const uint n_block = group_number() % n_tiles * gl_WorkGroupSize.x + gl_LocalInvocationID.x;
  const uint readable = min(n_block, n_blocks - 1);

  precise vec4 low[kRows] = {vec4(0), vec4(0), vec4(0), vec4(0)};
  precise vec4 high[kRows] = {vec4(0), vec4(0), vec4(0), vec4(0)};
  uint held = 0;  // whose scales are at hand
  Grid grid = grid_of(0, readable);
  for (uint first_k = 0; first_k < k_blocks; first_k += kDepth) {
    barrier();  // the tile before has been read
    load_x_tile(first_m, first_k);
    barrier();
    const uint depth = min(kDepth, k_blocks - first_k);
    for (uint j = 0; j < depth; ++j) {
      const Block block = load_block(first_k + j, readable);
      for (uint column = 0; column < 4; ++column) {
        const uint k = 4 * (first_k + j) + column;
        if (grid_number(k) != held) {
          held = grid_number(k);
          grid = grid_of(k, readable);
        }
        const Rows w = weights_of(block, column, grid);
        for (uint r = 0; r < kRows; ++r) {
          const vec4 x1 = vec4(x_tile[(first_row + r) * kDepth + j][column]);
          low[r] = fma(x1, w.low, low[r]);
          high[r] = fma(x1, w.high, high[r]);
        }
      }
    }
  }
  if (n_block >= n_blocks) return;
  for (uint r = 0; r < kRows; ++r) {
    if (first_m + first_row + r < M) store(first_m + first_row + r, n_block, low[r], high[r]);
  }
}
