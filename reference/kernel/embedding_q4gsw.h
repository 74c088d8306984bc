// Embedding lookup in a 4-bit symmetric, group-scaled table, as ExecuTorch's Vulkan backend defines it.
#pragma once

#include "reference/op.h"

namespace plumb {

/// y[..., k] = code[indices[...], k] * weight_scales[indices[...], k / group], codes -8 … 7, the product rounded once
/// to f32 (and, for out = f16, once more, as the backend's half shaders do). weight: [N, K/2] bytes, low nibble = even
/// k if `linear` is set, else high nibble = even k; weight_scales: [N, K/group]. Source: et_vk::embedding_q4gsw,
/// executorch 1.5.1 (backends/vulkan/custom_ops_lib.py).
Op embedding_q4gsw();

}  // namespace plumb
