// Quantisation of torchao's Int4Tensor. Every rounding is part of the definition.
#pragma once

#include "reference/op.h"

namespace plumb {

/// In f32, for each group of `group` columns, the last of a row being shorter where they do not divide it:
///   with zero points  scale = max(max - min, 1e-6) / 15, zero_point = min + 8 * scale,
///                     codes = clamp(rne((w - min) / scale), 0, 15) - 8
///   symmetric         scale = max(|w|, 1e-6) / 8, zero_point = 0, codes = clamp(rne(w / scale), -8, 7)
/// Scales and zero points are rounded to the values' type only then, and stored [groups, N]. Codes that come out NaN
/// are left open. Source: mslk 1.1.0, quantize/shuffle.py: int4_row_quantize_zp and int4_row_quantize, as torchao
/// 0.18.0's Int4Tensor.from_hp calls them for bf16 and for fp8 activations.
Op quantize_plain_int4();

}  // namespace plumb
