// Quantising activations and undoing it at once: what a dynamically quantised linear sees of its input.
#pragma once

#include "reference/op.h"

namespace plumb {

/// Each row with a scale and zero point of its own: choose_qparams_affine (asymmetric, codes -128 … 127), then
/// quantize_affine, then dequantize_affine to the values' type.
///
/// A code that comes out NaN, such as that of 0 where the scale has no reciprocal, is 0: what upstream's conversion
/// gives on x86.
/// Source: torchao 0.18.0, quantization/utils.py: per_token_dynamic_quant.
Op fake_quantize_per_token();

}  // namespace plumb
