// How many bytes a tensor takes.
#pragma once

#include <cstdint>

#include "reference/tensor.h"

namespace plumb {

/// Elements of the shape times bytes of one. Throws Error if a dimension is negative or the result has no 63 bits:
/// sizes that files claim are taken through this, so that none wraps round to a small one.
[[nodiscard]] std::int64_t byte_count(DType dtype, const Shape& shape);

}  // namespace plumb
