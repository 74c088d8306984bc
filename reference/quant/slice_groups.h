// Cutting a part out of a weight that is quantised in groups.
#pragma once

#include "reference/op.h"

namespace plumb {

/// Rows [first_row, first_row + rows) and columns [first_column, first_column + columns) of codes, with the scales and
/// zero points of their groups. A group is never cut.
/// Source: torchao 0.18.0, intx_unpacked_to_int8_tensor.py: slice of IntxUnpackedToInt8Tensor.
Op slice_groups();

}  // namespace plumb
