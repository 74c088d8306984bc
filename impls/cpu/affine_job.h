// The work of the affine kernels, as their code for one target sees it.
#pragma once

#include <cstdint>
#include <span>

#include "reference/dtype.h"

namespace plumb::cpu {

/// Elements to be mapped one by one: `in` and `out` are [rows, columns] in blocks, and each block has a scale and may
/// have a zero point.
struct AffineJob {
  const void* in;
  void* out;
  DType in_type, out_type;
  DType scaling;                 ///< Type of products with the scale.
  DType shifting;                ///< Type of sums with the zero point.
  std::span<const float> scale;  ///< One a block: the scale, or its reciprocal.
  std::span<const float> shift;  ///< One a block: the zero point, rounded to `shifting`; empty if there is none.
  std::int64_t columns, block_rows, group;
  float low, high;   ///< Range of codes.
  float middle;      ///< tinygemm: the code that the zero point stands for.
  bool streamed;     ///< `out` is so large that it is written past the caches.
  bool round_first;  ///< Whether the zero point is added to a rounded number.

  /// The block of the element at row-major position `flat`.
  [[nodiscard]] std::int64_t block(std::int64_t flat) const {
    return flat / columns / block_rows * (columns / group) + flat % columns / group;
  }
  /// How many elements from `flat` on lie side by side in one block.
  [[nodiscard]] std::int64_t run(std::int64_t flat) const { return group - flat % columns % group; }
};

}  // namespace plumb::cpu
