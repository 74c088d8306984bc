// Scales and biases as ExecuTorch's Vulkan backend wants them: rows padded with zeros to a multiple of some width.
#pragma once

#include "reference/op.h"

namespace plumb {

/// aligned[..., k] = x[..., k] for k < K, and 0 up to the next multiple of `align`. Nothing is transposed.
/// Source: executorch.backends.vulkan.utils.align_width_and_update_state_dict, executorch 1.5.1.
Op align_width();

/// transposed[g, n] = scales[n, g] for n < N, and 0 up to the next multiple of `align`: from a group-quantised weight's
/// scales to those of linear_q4gsw. Source: executorch.backends.vulkan.patterns.quantized_linear, where
/// `scales.transpose(0, 1)` is given to align_width_and_update_state_dict, executorch 1.5.1.
Op transpose_scales_aligned();

}  // namespace plumb
