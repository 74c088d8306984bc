// Scales and zero points of a grouped weight, from one row a row of the weight to one row a group.
#pragma once

#include "reference/op.h"

namespace plumb {

/// transposed[g, n] = scales[n, g]; bits are moved as they are.
/// Source: torchao 0.18.0, Int4PlainInt32Tensor.from_hp: scale and zero_point.
Op transpose_scales();

}  // namespace plumb
