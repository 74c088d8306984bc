// A convolution between activations of eight bits.
#pragma once

#include "reference/op.h"

namespace plumb {

/// q8ta_linear of the patches of x [B, C, H, W]: output [b, n, i, j] is that of the columns c, r, s (kernel_h rows,
/// kernel_w columns) x[b, c, stride i - padding + dilation r, stride j - padding + dilation s], which beyond x are
/// input_zp. weights: [N, K], K = C kernel_h kernel_w in the order c, r, s. Upstream pads rows of weights to four.
/// Source: ExecuTorch 1.5.1, backends/vulkan/custom_ops_lib.py: et_vk::q8ta_conv2d with groups = 1 and the same stride,
/// padding and dilation for both axes.
[[nodiscard]] Op q8ta_conv2d();

}  // namespace plumb
