// The gradient of a linear layer with respect to its weight.
#pragma once

#include "reference/op.h"

namespace plumb {

/// d_w[n, k] = sum_m d_out[m, n] * x[m, k]: M is the reduction, over all leading dimensions.
/// Source: ExecuTorch 1.5.1, backends/vulkan/custom_ops_lib.py: et_vk::linear_dW.
[[nodiscard]] Op linear_weight_gradient();

}  // namespace plumb
