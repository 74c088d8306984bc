// What the kernels that re-quantise a weight share.
#pragma once

#include <cstdint>

namespace plumb::cpu {

/// A weight and its scales; both f32, and neither need be aligned.
struct Latent {
  const std::uint8_t* weight;  ///< [rows, columns]
  const std::uint8_t* scales;  ///< [groups, rows]
  std::int64_t rows;
  std::int64_t columns;
  std::int64_t group;
};

/// Columns that are worked through at a time; even, and a multiple of a block's 4.
inline constexpr std::int64_t kTileColumns = 256;

}  // namespace plumb::cpu
