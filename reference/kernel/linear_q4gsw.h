// Linear layer with 4-bit symmetric, group-scaled weights, as ExecuTorch's Vulkan backend defines it.
#pragma once

#include "reference/op.h"

namespace plumb {

/// y[m, n] = sum_k x[m, k] * code[n, k] * weight_scales[k / group, n] + bias[n], codes -8 … 7.
/// x: [..., K] f32 (or f16, the Vulkan backend's half storage; y then has that type). weights: [N, ceil8(K)/2] bytes,
/// weight_scales: [K/group, N].
/// Source: et_vk::linear_q4gsw, executorch 1.5.1 (backends/vulkan/custom_ops_lib.py).
Op linear_q4gsw();

}  // namespace plumb
