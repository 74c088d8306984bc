// What both variants of linear_q4gsw share: bindings, and the decoding of a 4x8 block of weights.
//
//   y[m, n] = sum_k x[m, k] * w[n, k] + bias[n],  w[n, k] = fl((nibble[n, k] - 8) * scale[k / group, n])
//
// A block is four columns k of eight rows n; its even rows and its odd rows are handled as a vec4 each. Sums are `precise`
// or made of fma(): a compiler that reordered them would break the contract.
layout(std430, binding = 0) writeonly buffer Output { float y[]; };       // [M, N]
layout(std430, binding = 1) readonly buffer Activation { vec4 x[]; };     // [M, k_blocks], zero beyond K
layout(std430, binding = 2) readonly buffer Weight { uvec4 weight[]; };   // et_vk.w_4x8_nc: [k_blocks, n_blocks]
layout(std430, binding = 3) readonly buffer Scales { vec4 scale[]; };     // [group, 2 n_blocks], last row: bias
layout(push_constant) uniform Sizes {
  uint M;
  uint N;
  uint k_blocks;  // of four columns
  uint n_blocks;  // of eight rows of weight
  uint group;
  uint bias_row;  // where in `scale` the bias is
};

struct Rows {  // one value for each of the eight rows of a block
  vec4 even;
  vec4 odd;
};

Rows rows_of(uint row, uint n_block) {
  const vec4 low = scale[2 * (row * n_blocks + n_block)], high = scale[2 * (row * n_blocks + n_block) + 1];
  return Rows(vec4(low.xz, high.xz), vec4(low.yw, high.yw));
}

// Codes of column `column` of a block: word p, byte b holds row 2p in its low and row 2p + 1 in its high nibble.
vec4 even_codes(uvec4 block, uint column) { return vec4(ivec4(block >> (8 * column) & 15u) - 8); }
vec4 odd_codes(uvec4 block, uint column) { return vec4(ivec4(block >> (8 * column + 4) & 15u) - 8); }

void store(uint m, uint n_block, vec4 even, vec4 odd) {
  const Rows bias = rows_of(bias_row, n_block);
  precise vec4 even_sum = even + bias.even;
  precise vec4 odd_sum = odd + bias.odd;
  for (uint p = 0; p < 4; ++p) {
    const uint n = 8 * n_block + 2 * p;
    if (n < N) y[kFirst + m * N + n] = even_sum[p];
    if (n + 1 < N) y[kFirst + m * N + n + 1] = odd_sum[p];
  }
}
