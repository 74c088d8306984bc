// For few rows of activation. A work group makes one row m of local_size_x blocks of eight outputs. local_size_y
// invocations share the sum of one block: local_size_y / kQuadParts of them take groups in turn, and kQuadParts the
// quads of a group, whose integer sums are put together before they are scaled. Both are powers of two.
#include "grid.glsl"
layout(constant_id = 4) const uint kQuadParts = 1;
#include "linear_int8.glsl"

shared IntRows int_part[gl_WorkGroupSize.x * gl_WorkGroupSize.y];
shared FloatRows float_part[gl_WorkGroupSize.x * gl_WorkGroupSize.y];

IntRows sum_of_quads(uint m, uint group, uint first, uint n_block) {
  IntRows sum = IntRows(ivec4(0), ivec4(0));
  for (uint quad = first; quad < quads; quad += kQuadParts) {
    const uint at = group * quads + quad;
    add_products(sum, codes_of(at, n_block), x[m * row_quads + at]);
  }
  return sum;
}

// The sum over the kQuadParts neighbours along y, in the first of them.
IntRows folded(IntRows sum, uint own, uint part) {
  if (kQuadParts == 1) return sum;
  barrier();  // the sums before have been read
  int_part[own] = sum;
  for (uint stride = kQuadParts / 2; stride > 0; stride /= 2) {
    barrier();
    if (part >= stride) continue;
    const IntRows other = int_part[own + stride * gl_WorkGroupSize.x];
    sum = IntRows(sum.even + other.even, sum.odd + other.odd);
    int_part[own] = sum;
  }
  return sum;
}

void main() {
  const uint tiles = (n_blocks + gl_WorkGroupSize.x - 1) / gl_WorkGroupSize.x;
  const uint m = group_number() / tiles;
  if (m >= M) return;  // for the whole work group
  const uvec2 local = gl_LocalInvocationID.xy;
  const uint n_block = group_number() % tiles * gl_WorkGroupSize.x + local.x;
  const uint own = local.y * gl_WorkGroupSize.x + local.x, part = local.y % kQuadParts;
  const uint group_parts = gl_WorkGroupSize.y / kQuadParts;

  FloatRows total = FloatRows(vec4(0), vec4(0));
  for (uint first = 0; first < groups; first += group_parts) {
    const uint group = first + local.y / kQuadParts;
    const bool has_work = group < groups && n_block < n_blocks;
    IntRows sum = IntRows(ivec4(0), ivec4(0));
    if (has_work) sum = sum_of_quads(m, group, part, n_block);
    sum = folded(sum, own, part);
    if (has_work && part == 0) add_group(total, sum, m, group, n_block);
  }
  float_part[own] = total;
  for (uint stride = gl_WorkGroupSize.y / 2; stride >= kQuadParts; stride /= 2) {
    barrier();
    if (local.y >= stride) continue;
    const FloatRows other = float_part[own + stride * gl_WorkGroupSize.x];
    precise vec4 even = total.even + other.even;
    precise vec4 odd = total.odd + other.odd;
    float_part[own] = total = FloatRows(even, odd);
  }
  if (local.y == 0 && n_block < n_blocks) store(m, n_block, total);
}
