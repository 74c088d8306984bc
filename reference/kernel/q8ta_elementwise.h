// Operators element by element between activations of eight bits: dequantise, compute, quantise again.
#pragma once

#include "reference/op.h"

namespace plumb {

/// With a = input_scale * (x - input_zp), all of it in f32:
///   q8ta_relu:          y = code(max(a, 0)),
///   q8ta_add:           y = code(a_scale * (a - a_zp) + alpha * b_scale * (b - b_zp)),
///   q8ta_pixel_shuffle: y[b, c, h r + i, w r + j] = code(a[b, c r^2 + i r + j, h, w]) of x [B, C, H, W],
/// code(f) = clamp(rne(f / output_scale) + output_zp, -128, 127). Left open are the roundings to f32: a code that they
/// could round either way may be either.
/// Source: ExecuTorch 1.5.1, backends/vulkan/custom_ops_lib.py: et_vk::q8ta_relu, q8ta_add, q8ta_pixel_shuffle.
[[nodiscard]] Op q8ta_relu();
[[nodiscard]] Op q8ta_add();
[[nodiscard]] Op q8ta_pixel_shuffle();

}  // namespace plumb
