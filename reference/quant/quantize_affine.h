// Affine quantisation with given scales and zero points, and its inverse, as torchao and torch's quantized_decomposed
// have them. Every rounding is part of the definition.
#pragma once

#include "reference/op.h"

namespace plumb {

/// codes = clamp(rne(x * (1/scale)) + zero_point, quant_min, quant_max): a multiplication by the rounded reciprocal.
/// Elements that come out NaN are left open. With order = shift_then_round the zero point is added before rounding.
/// Source: torchao 0.18.0, quantize_affine, _quantize_affine_no_zero_point; torch.ops.quantized_decomposed of
/// executorch 1.5.1, quantize_per_tensor, _channel (round_then_shift), _channel_group, _token (shift_then_round).
Op quantize_affine();

/// y = (codes - zero_point) * scale. Codes are not checked against any range.
/// Source: torchao 0.18.0, dequantize_affine, _dequantize_affine_no_zero_point; torch.ops.quantized_decomposed of
/// executorch 1.5.1, dequantize_per_tensor, _channel, _channel_group, _token.
Op dequantize_affine();

}  // namespace plumb
