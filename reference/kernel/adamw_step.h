// A step of the optimiser with which quantised weights are trained.
#pragma once

#include "reference/op.h"

namespace plumb {

/// m' = beta1 m + (1 - beta1) grad, v' = beta2 v + (1 - beta2) grad^2,
/// param' = param - lr (weight_decay param + (m' / bias_correction1) / (sqrt(v' / bias_correction2) + eps)),
/// in f32. `factors` are lr, beta1, beta2, eps, weight_decay, bias_correction1 and bias_correction2, in f64.
///
/// Left open is how the terms are put together and rounded: each of the operations above may be off by four units in
/// the last place of its result.
/// Source: ExecuTorch 1.5.1, backends/vulkan/custom_ops_lib.py: et_vk::adamw_step.
[[nodiscard]] Op adamw_step();

}  // namespace plumb
