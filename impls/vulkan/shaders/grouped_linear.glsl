// What all shaders of linear layers with low-bit weights share: bindings, and the decoding of a block of weights.
//
//   y[m, n] = sum_k x[m, k] * w[n, k] + bias[n],  w[n, k] = (kBase + code[n, k] - zero[g, n]) * scale[g, n]
//
// or, if kAdds, (kBase + code) * scale + zero. A block is four columns k of eight rows n, in kBits words; its rows 0 … 3
// and 4 … 7 are handled as a vec4 each. Groups g are of columns, k / group; or, with PLUMB_OUTPUT_GROUPS, of rows, n / group,
// each of which has a scale for every column, and then there is no zero point and no bias.
//
// Sums are `precise` or made of fma(): a compiler that reordered them would break the contract.
layout(constant_id = 4) const uint kBits = 4;  // 2, 4 or 8
layout(constant_id = 5) const int kBase = 0;
layout(constant_id = 6) const uint kAdds = 0;
layout(std430, binding = 0) writeonly buffer Output { float y[]; };      // [M, N]
#ifdef PLUMB_HALF_ACTIVATION
layout(std430, binding = 1) readonly buffer Activation { uvec2 x[]; };   // [M, k_blocks] of four f16, zero beyond K
#else
layout(std430, binding = 1) readonly buffer Activation { vec4 x[]; };    // [M, k_blocks], zero beyond K
#endif
layout(std430, binding = 2) readonly buffer Weight { uint weight[]; };   // [k_blocks, n_blocks, kBits]
#ifdef PLUMB_OUTPUT_GROUPS
layout(std430, binding = 3) readonly buffer Scales { float scale[]; };   // [group, 4 k_blocks]
#else
layout(std430, binding = 3) readonly buffer Scales { vec4 scale[]; };    // [group, 2 n_blocks]; zero points; the bias
#endif
layout(push_constant) uniform Sizes {
  uint M;
  uint N;
  uint k_blocks;  // of four columns
  uint n_blocks;  // of eight rows of weight
  uint group;
  uint zero_row;  // where in `scale` zero points are, …
  uint bias_row;  // … and the bias
};

// Four columns of a row of the activation. f16 is unpacked from words, which takes no device that can store it.
vec4 activation(uint m, uint k_block) {
#ifdef PLUMB_HALF_ACTIVATION
  const uvec2 halves = x[m * k_blocks + k_block];
  return vec4(unpackHalf2x16(halves.x), unpackHalf2x16(halves.y));
#else
  return x[m * k_blocks + k_block];
#endif
}

struct Rows {  // one value for each of the eight rows of a block
  vec4 low;    // rows 0 … 3
  vec4 high;   // rows 4 … 7
};

struct Grid {
  Rows scale;
  Rows zero;
};

#ifdef PLUMB_OUTPUT_GROUPS
// Those of column k.
Grid grid_of(uint k, uint n_block) {
  Rows s;
  for (uint i = 0; i < 4; ++i) {
    s.low[i] = scale[(8 * n_block + i) / group * 4 * k_blocks + k];
    s.high[i] = scale[(8 * n_block + 4 + i) / group * 4 * k_blocks + k];
  }
  return Grid(s, Rows(vec4(0), vec4(0)));
}

// Which columns share them.
uint grid_number(uint k) { return k; }
#else
Rows rows_of(uint row, uint n_block) {
  const uint at = 2 * (row * n_blocks + n_block);
  return Rows(scale[at], scale[at + 1]);
}

Grid grid_of(uint k, uint n_block) {
  return Grid(rows_of(k / group, n_block), rows_of(zero_row + k / group, n_block));
}

uint grid_number(uint k) { return k / group; }
#endif

struct Block {
  uint words[8];  // kBits of them
};

Block load_block(uint k_block, uint n_block) {
  Block block;
  for (uint i = 0; i < kBits; ++i) block.words[i] = weight[(k_block * n_blocks + n_block) * kBits + i];
  return block;
}

// Byte `column` of word p holds 8 / kBits rows from 8 p / kBits on, the first in its lowest bits.
float code_of(Block block, uint column, uint row) {
  const uint per_word = 8 / kBits;
  const uint shift = 8 * column + row % per_word * kBits;
  return float(int(block.words[row / per_word] >> shift & ((1u << kBits) - 1)) + kBase);
}

vec4 dequantised(vec4 code, vec4 s, vec4 z) {
  if (kAdds != 0) {
    precise vec4 product = code * s;
    precise vec4 sum = product + z;
    return sum;
  }
  precise vec4 difference = code - z;
  precise vec4 product = difference * s;
  return product;
}

// Weights of column `column` of a block.
Rows weights_of(Block block, uint column, Grid grid) {
  const vec4 low = vec4(code_of(block, column, 0), code_of(block, column, 1), code_of(block, column, 2),
                        code_of(block, column, 3));
  const vec4 high = vec4(code_of(block, column, 4), code_of(block, column, 5), code_of(block, column, 6),
                         code_of(block, column, 7));
  return Rows(dequantised(low, grid.scale.low, grid.zero.low), dequantised(high, grid.scale.high, grid.zero.high));
}

void store(uint m, uint n_block, vec4 low, vec4 high) {
#ifndef PLUMB_OUTPUT_GROUPS
  const Rows bias = rows_of(bias_row, n_block);
  precise vec4 low_sum = low + bias.low;
  precise vec4 high_sum = high + bias.high;
  low = low_sum;
  high = high_sum;
#endif
  for (uint i = 0; i < 4; ++i) {
    const uint n = 8 * n_block + i;
    if (n < N) y[kFirst + m * N + n] = low[i];
    if (n + 4 < N) y[kFirst + m * N + n + 4] = high[i];
  }
}
