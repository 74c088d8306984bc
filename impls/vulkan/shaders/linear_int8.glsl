// What all variants of linear_dq8ca_q4gsw and linear_q8ta_q8csw share: bindings, and the decoding of weights.
//
//   y[m, n] = row_scale[m] * sum_g scale[g, n] * S[m, g, n] + bias[n],
//   S[m, g, n] = sum over quads of group g of dot4(q, code) - row_zp[m] * code_sum[g, n], an exact integer.
//
// A quad is four columns of one group; a block of weights is a quad of eight rows n, of which the even ones and the odd
// ones are handled as a vector of four each. Floats are `precise`: reordered sums would break the contract.
#include "int8_dot.glsl"
layout(constant_id = 3) const bool kWide = false;  // codes of eight bits

layout(std430, binding = 0) writeonly buffer Output { float y[]; };         // [M, N]
layout(std430, binding = 1) readonly buffer Activation { uint x[]; };       // [M, row_quads]: four int8 each
layout(std430, binding = 2) readonly buffer Weight { uvec4 weight[]; };     // et_vk.w_4x8_nc; wide: even rows, odd rows
layout(std430, binding = 3) readonly buffer Scales { vec4 scale[]; };       // [groups + 1, 2 n_blocks], last row: bias
layout(std430, binding = 4) readonly buffer CodeSums { ivec4 code_sum[]; }; // [groups, 2 n_blocks]
layout(std430, binding = 5) readonly buffer Rows { uvec2 row[]; };          // [M]: bits of the scale, zero point
layout(push_constant) uniform Sizes {
  uint M;
  uint N;
  uint row_quads;  // quads in a row of x
  uint n_blocks;   // of eight rows of weight
  uint groups;
  uint quads;  // in a group
};

struct IntRows {  // one value for each of the eight rows of a block
  ivec4 even;
  ivec4 odd;
};
struct FloatRows {
  vec4 even;
  vec4 odd;
};

FloatRows scales_of(uint group, uint n_block) {
  const vec4 low = scale[2 * (group * n_blocks + n_block)], high = scale[2 * (group * n_blocks + n_block) + 1];
  return FloatRows(vec4(low.xz, high.xz), vec4(low.yw, high.yw));
}
IntRows code_sums_of(uint group, uint n_block) {
  const ivec4 low = code_sum[2 * (group * n_blocks + n_block)], high = code_sum[2 * (group * n_blocks + n_block) + 1];
  return IntRows(ivec4(low.xz, high.xz), ivec4(low.yw, high.yw));
}

// Nibbles u in the low halves of bytes -> u - 8 as signed bytes: u + 0x78 is u - 8 with its highest bit inverted.
uvec4 signed_bytes(uvec4 nibbles) { return ((nibbles & 0x0f0f0f0fu) + 0x78787878u) ^ 0x80808080u; }

struct Codes {
  uvec4 even;
  uvec4 odd;
};
Codes codes_of(uint quad, uint n_block) {
  const uint at = quad * n_blocks + n_block;
  if (kWide) return Codes(weight[2 * at], weight[2 * at + 1]);
  return Codes(signed_bytes(weight[at]), signed_bytes(weight[at] >> 4));
}

void add_products(inout IntRows sum, Codes codes, uint x4) {
  for (uint p = 0; p < 4; ++p) {
    sum.even[p] += dot4(x4, codes.even[p]);
    sum.odd[p] += dot4(x4, codes.odd[p]);
  }
}

// Adds a group's sums of q * code, less what the zero point of row m adds to them, times the group's scales.
void add_group(inout FloatRows total, IntRows sum, uint m, uint group, uint n_block) {
  const int zp = int(row[m].y);
  const IntRows codes = code_sums_of(group, n_block);
  const FloatRows s = scales_of(group, n_block);
  precise vec4 even = vec4(sum.even - zp * codes.even) * s.even;
  precise vec4 odd = vec4(sum.odd - zp * codes.odd) * s.odd;
  precise vec4 even_total = total.even + even;
  precise vec4 odd_total = total.odd + odd;
  total = FloatRows(even_total, odd_total);
}

void store(uint m, uint n_block, FloatRows total) {
  const float row_scale = uintBitsToFloat(row[m].x);
  const FloatRows bias = scales_of(groups, n_block);
  precise vec4 even = total.even * row_scale;
  precise vec4 odd = total.odd * row_scale;
  precise vec4 even_sum = even + bias.even;
  precise vec4 odd_sum = odd + bias.odd;
  for (uint p = 0; p < 4; ++p) {
    const uint n = 8 * n_block + 2 * p;
    if (n < N) y[kFirst + m * N + n] = even_sum[p];
    if (n + 1 < N) y[kFirst + m * N + n + 1] = odd_sum[p];
  }
}
