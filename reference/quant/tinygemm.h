// torchao's tinygemm form of affine quantisation: the zero point is a floating-point number, the value that the middle
// code stands for. Every rounding is part of the definition.
#pragma once

#include "reference/op.h"

namespace plumb {

/// scale = max((max - min) / (quant_max - quant_min), eps), zero_point = min + scale * mid, without widening the range
/// to zero; mid = (quant_max + quant_min + 1) / 2.
/// Source: torchao 0.18.0, quant_primitives.py: _choose_qparams_affine_tinygemm.
Op choose_qparams_tinygemm();

/// codes = clamp(rne((x - (zero_point - scale * mid)) / scale), quant_min, quant_max): a true division.
/// Elements that come out NaN are left open.
/// Source: torchao 0.18.0, quant_primitives.py: _quantize_affine_tinygemm.
Op quantize_tinygemm();

/// y = (codes - mid) * scale + zero_point. Codes are not checked against any range.
/// Source: torchao 0.18.0, quant_primitives.py: _dequantize_affine_tinygemm.
Op dequantize_tinygemm();

}  // namespace plumb
