// For many rows of activation. An invocation makes kRows rows of eight outputs; a work group local_size_y * kRows rows
// of local_size_x blocks, kDepth quads of a group at a time with their x in shared memory.
#include "grid.glsl"
layout(constant_id = 4) const uint kDepth = 16;
#include "linear_int8.glsl"

const uint kRows = 4;
shared uint x_tile[gl_WorkGroupSize.y * kRows * kDepth];  // [row, quad]

void load_x_tile(uint first_m, uint first_quad) {
  const uint size = gl_WorkGroupSize.y * kRows * kDepth;
  for (uint i = gl_LocalInvocationIndex; i < size; i += gl_WorkGroupSize.x * gl_WorkGroupSize.y) {
    const uint m = first_m + i / kDepth, quad = first_quad + i % kDepth;
    x_tile[i] = m < M && quad < row_quads ? x[m * row_quads + quad] : 0u;
  }
}

void main() {
  const uint n_tiles = (n_blocks + gl_WorkGroupSize.x - 1) / gl_WorkGroupSize.x;
  const uint first_m = group_number() / n_tiles * gl_WorkGroupSize.y * kRows;
  if (first_m >= M) return;  // for the whole work group
  const uint first_row = gl_LocalInvocationID.y * kRows;
  const uint n_block = group_number() % n_tiles * gl_WorkGroupSize.x + gl_LocalInvocationID.x;
  const uint readable = min(n_block, n_blocks - 1);

  FloatRows total[kRows];
  for (uint r = 0; r < kRows; ++r) total[r] = FloatRows(vec4(0), vec4(0));
  for (uint group = 0; group < groups; ++group) {
    IntRows sum[kRows];
    for (uint r = 0; r < kRows; ++r) sum[r] = IntRows(ivec4(0), ivec4(0));
    for (uint first = 0; first < quads; first += kDepth) {
      barrier();  // the tile before has been read
      load_x_tile(first_m, group * quads + first);
      barrier();
      const uint depth = min(kDepth, quads - first);
      for (uint j = 0; j < depth; ++j) {
        const Codes codes = codes_of(group * quads + first + j, readable);
        for (uint r = 0; r < kRows; ++r) add_products(sum[r], codes, x_tile[(first_row + r) * kDepth + j]);
      }
    }
    for (uint r = 0; r < kRows; ++r) add_group(total[r], sum[r], min(first_m + first_row + r, M - 1), group, readable);
  }
  if (n_block >= n_blocks) return;
  for (uint r = 0; r < kRows; ++r) {
    if (first_m + first_row + r < M) store(first_m + first_row + r, n_block, total[r]);
  }
}
