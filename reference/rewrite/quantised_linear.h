// Fusion of linear layers with quantised weights, as ExecuTorch's Vulkan backend has it. Source: executorch 1.5.1,
// backends/vulkan/patterns/quantized_linear.py. et_vk::linear_qcs4w has no route there: only the passes before these
// patterns, fuse_quantized_ops.py, made it.
#pragma once

#include "reference/rewrite/rewrite.h"

namespace plumb::graph {

/// 4-bit weights in groups, floating-point activation -> et_vk::linear_q4gsw.
[[nodiscard]] Rewrite linear_q4gsw_fusion();
/// 4-bit weights in groups, activation quantised row by row as it comes -> et_vk::linear_dq8ca_q4gsw.
[[nodiscard]] Rewrite linear_dq8ca_q4gsw_fusion();
/// 8-bit weights with a scale a row, activation and result quantised with given scales -> et_vk::q8ta_linear, or
/// q8ta_linear_gemv for one row.
[[nodiscard]] Rewrite q8ta_linear_fusion();
/// The same with a result that stays f32 -> et_vk::linear_q8ta_q8csw.
[[nodiscard]] Rewrite linear_q8ta_q8csw_fusion();

}  // namespace plumb::graph
