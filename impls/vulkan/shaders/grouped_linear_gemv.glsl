// A linear layer for few rows of activation. A work group makes one row m of local_size_x blocks of eight outputs;
// local_size_y (a power of two) invocations share the sum over k of one block and fold their parts in shared memory.
#include "grid.glsl"
#include "grouped_linear.glsl"

shared Rows part[gl_WorkGroupSize.x * gl_WorkGroupSize.y];

// Every local_size_y-th block of columns, from k_block on.
Rows partial_sum(uint m, uint n_block, uint k_block) {
  precise vec4 low = vec4(0), high = vec4(0);
  uint held = grid_number(4 * k_block);
  Grid grid = grid_of(4 * k_block, n_block);
  for (; k_block < k_blocks; k_block += gl_WorkGroupSize.y) {
    const Block block = load_block(k_block, n_block);
    const vec4 x4 = activation(m, k_block);
    for (uint column = 0; column < 4; ++column) {
      const uint k = 4 * k_block + column;
      if (grid_number(k) != held) {
        held = grid_number(k);
        grid = grid_of(k, n_block);
      }
      const Rows w = weights_of(block, column, grid);
      low = fma(vec4(x4[column]), w.low, low);
      high = fma(vec4(x4[column]), w.high, high);
    }
  }
  return Rows(low, high);
}

void main() {
  const uint tiles = (n_blocks + gl_WorkGroupSize.x - 1) / gl_WorkGroupSize.x;
  const uint m = group_number() / tiles;
  if (m >= M) return;  // for the whole work group
  const uvec2 local = gl_LocalInvocationID.xy;
  const uint n_block = group_number() % tiles * gl_WorkGroupSize.x + local.x;
  const uint own = local.y * gl_WorkGroupSize.x + local.x;

  const bool has_part = n_block < n_blocks && local.y < k_blocks;
  part[own] = Rows(vec4(0), vec4(0));
  if (has_part) part[own] = partial_sum(m, n_block, local.y);
  for (uint stride = gl_WorkGroupSize.y / 2; stride > 0; stride /= 2) {
    barrier();
    if (local.y >= stride) continue;
    precise vec4 low = part[own].low + part[own + stride * gl_WorkGroupSize.x].low;
    precise vec4 high = part[own].high + part[own + stride * gl_WorkGroupSize.x].high;
    part[own] = Rows(low, high);
  }
  if (local.y == 0 && n_block < n_blocks) store(m, n_block, part[own].low, part[own].high);
}
