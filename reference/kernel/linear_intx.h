// Linear layers with integer codes of up to eight bits, one an element, and the activation as it is or quantised to
// int8 first, each of its rows with a scale of its own.
#pragma once

#include "reference/op.h"

namespace plumb {

/// y[m, n] = sum_k x[m, k] * (codes[n, k] - zero_point[n, k / group]) * scale[n, k / group] + bias[n].
/// `scaling`: the weights are scaled; or the sum of products with the codes is rounded to the type of x, scaled, and
/// rounded again before the bias is added (one scale an output).
/// Source: torchao 0.18.0, IntxUnpackedToInt8Tensor and Int8Tensor (weight only).
[[nodiscard]] Op linear_intx();

/// The same with x' instead of x, which is x quantised to int8 row by row and back:
/// `asymmetric`: as fake_quantize_per_token does, with scale and zero point in x's type;
/// `symmetric`: s = max(max |x| / 127.5 in x's type, 2^-23), x' = s * clamp(rne(x * (1/s)), -128, 127) in f32; what it
/// gives is rounded to x's type before the weight's scale, and before the bias.
///
/// x' is prescribed. Left open are the order of sums and whether weights are rounded to x's type; where a number may
/// overflow in x's type on the way, everything.
/// Source: torchao 0.18.0, Int8DynamicActivationIntxWeightConfig and Int8DynamicActivationInt8WeightConfig.
[[nodiscard]] Op linear_dynamic_intx();

/// ATen's form for 4-bit codes with an offset of 8, two a byte, the even column in the low nibble:
/// y[m, n] = sum_k x'[m, k] * (nibble[n, k] - 8) * scales[n, k / group] + bias[n],
/// x' = (q - zp) / s, q = clamp(round(x * s) + zp, -128, 127), ties away from zero; s = 255 / (mx - mn) with
/// mn = min(row, 0), mx = max(row, 0), 1 if they are equal; zp = rne(clamp(-128 - mn s or 127 - mx s, -128, 127)), the
/// first if (-128 + mn s) + (127 + mx s) > 0. All of it in f32.
/// A result of bf16, which upstream truncates, may be rounded either way. Source: torch 2.13.0,
/// aten::_dyn_quant_matmul_4bit, portable path; its packed weight is pack_dyn_quant_4bit's inputs, one after the other.
[[nodiscard]] Op dyn_quant_matmul_4bit();

}  // namespace plumb
