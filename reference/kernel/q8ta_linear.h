// A linear layer between activations of eight bits: what comes in is quantised already, and what goes out is.
#pragma once

#include "reference/op.h"

namespace plumb {

/// y[m, n] = clamp(rne(f[m, n] / output_scale) + output_zp, -128, 127), with
///   f[m, n] = input_scale * weight_scales[n] * (sum_k x[m, k] * weights[n, k] - input_zp * weight_sums[n]) + bias[n],
/// or max(f, 0) if `activation` is relu. Rows of weight_sums and bias may be padded to four.
///
/// Left open is how f and its quotient are computed in f32: a code that this could round either way may be either.
/// Source: ExecuTorch 1.5.1, backends/vulkan/custom_ops_lib.py: et_vk::q8ta_linear and q8ta_linear_gemv, which are the
/// same.
[[nodiscard]] Op q8ta_linear();

}  // namespace plumb
