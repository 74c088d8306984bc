// linear_q4gsw for few rows of activation. A work group makes one row m of local_size_x blocks of eight outputs;
// local_size_y (a power of two) invocations share the sum over k of one block and fold their parts in shared memory.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"
#include "linear_q4gsw.glsl"

shared Rows part[gl_WorkGroupSize.x * gl_WorkGroupSize.y];

// Every local_size_y-th block of columns, from k_block on.
Rows partial_sum(uint m, uint n_block, uint k_block) {
  precise vec4 even = vec4(0), odd = vec4(0);
  for (; k_block < k_blocks; k_block += gl_WorkGroupSize.y) {
    const uvec4 block = weight[k_block * n_blocks + n_block];
    const vec4 x4 = x[m * k_blocks + k_block];
    for (uint column = 0; column < 4; ++column) {
      const Rows s = rows_of((4 * k_block + column) / group, n_block);
      precise vec4 even_weight = even_codes(block, column) * s.even;
      precise vec4 odd_weight = odd_codes(block, column) * s.odd;
      even = fma(vec4(x4[column]), even_weight, even);
      odd = fma(vec4(x4[column]), odd_weight, odd);
    }
  }
  return Rows(even, odd);
}

void main() {
  const uint tiles = (n_blocks + gl_WorkGroupSize.x - 1) / gl_WorkGroupSize.x;
  const uint m = group_number() / tiles;
  if (m >= M) return;  // for the whole work group
  const uvec2 local = gl_LocalInvocationID.xy;
  const uint n_block = group_number() % tiles * gl_WorkGroupSize.x + local.x;
  const uint own = local.y * gl_WorkGroupSize.x + local.x;

  part[own] = n_block < n_blocks ? partial_sum(m, n_block, local.y) : Rows(vec4(0), vec4(0));
  for (uint stride = gl_WorkGroupSize.y / 2; stride > 0; stride /= 2) {
    barrier();
    if (local.y >= stride) continue;
    precise vec4 even = part[own].even + part[own + stride * gl_WorkGroupSize.x].even;
    precise vec4 odd = part[own].odd + part[own + stride * gl_WorkGroupSize.x].odd;
    part[own] = Rows(even, odd);
  }
  if (local.y == 0 && n_block < n_blocks) store(m, n_block, part[own].even, part[own].odd);
}
