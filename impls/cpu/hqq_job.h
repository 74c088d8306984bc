// The work of the half-quadratic quantisers, as their code for one target sees it.
#pragma once

#include <cstdint>

namespace plumb::cpu {

/// Groups of values, `stride` apart, followed by zeros up to whole vectors.
struct HqqJob {
  float* values;
  std::int64_t length, stride;
  float low, high;     ///< Range of codes.
  const float* scale;  ///< One a group, as are the others.
  float* zero;         ///< Replaced by the next one in each step.
  float* error;        ///< The sum of |w - dequantised|, written in each step.
};

}  // namespace plumb::cpu
