// A linear layer with an activation of eight bits, as its inner loops see it.
// `prepare` lays the codes of 32 rows n out as a stream of quads, four neighbouring k of one group: the low nibbles of
// 64 bytes are the quads of rows 0 … 15, the high ones those of rows 16 … 31; codes of eight bits take 128 bytes. A
// lane of 32 bits sums one output, so that no sum is folded across lanes, and neither number of threads nor of rows
// changes a bit.
#pragma once

#include <cstdint>

#include "impls/cpu/byte_products.h"

namespace plumb::cpu {

inline constexpr std::int64_t kInt8BlockRows = 32;  ///< Rows n of one block.

/// One call.
struct Int8Args {
  const std::uint8_t* codes;   // [blocks, groups, quads, 64 or 128]
  const float* scales;         // [blocks, groups, 32]
  const std::int32_t* sums;    // [blocks, groups, 32]
  const float* bias;           // [blocks, 32]; zero if there is none
  const std::int32_t* x;       // [M, x_stride]: of groups, of quads, of four int8; zero beyond a group. Rows, and
  std::int64_t x_stride;       //   quads of rows, may be read up to multiples of 32 and 16, if products are tiles.
  const std::int32_t* x_sums;  // [M, groups]: offset * sum of int8
  const float* x_scale;        // [M]
  const std::int32_t* x_zp;    // [M]
  const float* x_float;        // [M, groups, quads, 4], if the activation is multiplied as it is; zero beyond a group
  float* y;                    // [M, N]
  std::int64_t rows, outputs, groups, quads;
  bool wide;  // codes of eight bits
  ByteProducts products;
};

}  // namespace plumb::cpu
