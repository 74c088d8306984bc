// Activations that are quantised to int8 row by row on the fly, with kernels that do the steps.
#pragma once

#include "impls/composed.h"
#include "impls/linear_source.h"

namespace plumb {

/// Reads the layers of linear_dynamic_intx, whose activation is quantised as the operator says by `steps`.
[[nodiscard]] MakeLinear with_quantised_rows(AffineSteps steps);

}  // namespace plumb
