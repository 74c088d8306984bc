// Sums of a weight's codes, group by group: what an integer kernel multiplies by the activation's zero point.
#pragma once

#include "reference/op.h"

namespace plumb {

/// sums[g, n] = sum of codes[n, k] over the k of group g; columns n are padded to a multiple of 8 with 0.
/// Source: executorch.backends.vulkan.patterns.quantized_linear.compute_per_group_sums, executorch 1.5.1.
Op group_sums();

}  // namespace plumb
