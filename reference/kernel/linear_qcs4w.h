// Linear layer with 4-bit weights and one scale per output, as ExecuTorch's Vulkan backend defines it.
#pragma once

#include "reference/op.h"

namespace plumb {

/// y[m, n] = sum_k x[m, k] * code[n, k] * scales[n]. weight: [N, K/2] bytes, high nibble = even k; scales: [N].
/// Upstream disagrees with itself, so both meanings are here, by name: its reference takes the nibbles as they are,
/// 0 … 15 (codes = unsigned), its shader subtracts 8 (codes = signed).
/// Source: et_vk::linear_qcs4w, executorch 1.5.1 (backends/vulkan/custom_ops_lib.py), and shader linear_qcsnw
/// (cff6f4dd32e6).
Op linear_qcs4w();

}  // namespace plumb
