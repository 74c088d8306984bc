// The work of the affine kernels with scales in f64, as their code for one target sees it.
#pragma once

#include <cstdint>
#include <span>

#include "reference/dtype.h"

namespace plumb::cpu {

/// As AffineJob, with what belongs to a block in f64.
struct AffineF64Job {
  const void* in;
  void* out;
  DType in_type, out_type;
  std::span<const double> scale;  ///< One a block: the scale, or its reciprocal.
  std::span<const double> shift;  ///< One a block: the zero point; empty if there is none.
  std::int64_t columns, block_rows, group;
  double low, high;  ///< Range of codes.
  bool round_first;  ///< Whether the zero point is added to a rounded number.

  /// The block of the element at row-major position `flat`.
  [[nodiscard]] std::int64_t block(std::int64_t flat) const {
    return flat / columns / block_rows * (columns / group) + flat % columns / group;
  }
  /// How many elements from `flat` on lie side by side in one block.
  [[nodiscard]] std::int64_t run(std::int64_t flat) const { return group - flat % columns % group; }
};

}  // namespace plumb::cpu
