// Weights of linear_dq8ca_q4gsw and linear_q8ta_q8csw times an activation as it is, which upstream does for one row. A work
// group makes one row m of local_size_x blocks of eight outputs; local_size_y (a power of two) invocations share the
// quads of one block and fold their parts in shared memory.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "grid.glsl"
#include "linear_int8.glsl"  // here x is [M, row_quads, 4]: bits of f32

shared FloatRows part[gl_WorkGroupSize.x * gl_WorkGroupSize.y];

vec4 column_of(uvec4 codes, int column) { return vec4(bitfieldExtract(ivec4(codes), 8 * column, 8)); }

// Every local_size_y-th quad, from `first` on.
FloatRows sum_of_quads(uint m, uint first, uint n_block) {
  precise vec4 even = vec4(0), odd = vec4(0);
  for (uint quad = first; quad < groups * quads; quad += gl_WorkGroupSize.y) {
    const Codes codes = codes_of(quad, n_block);
    const FloatRows s = scales_of(quad / quads, n_block);
    for (int column = 0; column < 4; ++column) {
      const float x1 = uintBitsToFloat(x[(m * row_quads + quad) * 4u + uint(column)]);
      precise vec4 even_product = x1 * column_of(codes.even, column);
      precise vec4 odd_product = x1 * column_of(codes.odd, column);
      even = fma(even_product, s.even, even);
      odd = fma(odd_product, s.odd, odd);
    }
  }
  return FloatRows(even, odd);
}

void main() {
  const uint tiles = (n_blocks + gl_WorkGroupSize.x - 1) / gl_WorkGroupSize.x;
  const uint m = group_number() / tiles;
  if (m >= M) return;  // for the whole work group
  const uvec2 local = gl_LocalInvocationID.xy;
  const uint n_block = group_number() % tiles * gl_WorkGroupSize.x + local.x;
  const uint own = local.y * gl_WorkGroupSize.x + local.x;

  FloatRows total = FloatRows(vec4(0), vec4(0));
  if (n_block < n_blocks) total = sum_of_quads(m, local.y, n_block);
  part[own] = total;
  for (uint stride = gl_WorkGroupSize.y / 2; stride > 0; stride /= 2) {
    barrier();
    if (local.y >= stride) continue;
    const FloatRows other = part[own + stride * gl_WorkGroupSize.x];
    precise vec4 even = total.even + other.even;
    precise vec4 odd = total.odd + other.odd;
    part[own] = total = FloatRows(even, odd);
  }
  if (local.y == 0 && n_block < n_blocks) store(m, n_block, total);
}
