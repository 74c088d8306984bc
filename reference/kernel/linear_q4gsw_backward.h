// Gradient of linear_q4gsw with respect to its activation.
#pragma once

#include "reference/op.h"

namespace plumb {

/// d_x[m, k] = sum_n d_out[m, n] * code[n, k] * weight_scales[k / group, n], codes -8 … 7. d_out: [..., N];
/// weights: [N, K/2] bytes, low nibble = even k, K being the padded width that the weight was packed with, of which
/// every column gets its gradient; weight_scales: [K/group, N].
/// Source: et_vk::linear_q4gsw_backward, executorch 1.5.1 (backends/vulkan/custom_ops_lib.py).
Op linear_q4gsw_backward();

}  // namespace plumb
