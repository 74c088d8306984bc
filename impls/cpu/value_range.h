// Whether all elements of a tensor lie within limits, at the speed of reading them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "reference/dtype.h"

namespace plumb::cpu {

/// Limits of a tensor's elements, both legal.
struct Limits {
  std::int64_t low, high;
};

/// True if every one of `count` elements lies in [low, high]; NaN does not. False also for element types that are not
/// looked at this way (f16, bf16, f64): then somebody slower has to say. `data` need not be aligned.
[[nodiscard]] bool all_within(DType dtype, const std::byte* data, std::int64_t count, Limits limits, int threads);

}  // namespace plumb::cpu
