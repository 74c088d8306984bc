// NNCF's integer quantisation of weights.
#pragma once

#include "reference/op.h"

namespace plumb {

/// Codes, scales, zero points and dequantised values of a weight in groups of `group` along K. Symmetric (i8 codes):
/// m = |min|; s = (m >= max ? m : -max) / 2^(bits-1), which may be negative; code = clip(round(w / s)). Asymmetric (u8
/// codes): the range is widened to include 0, s = (hi - lo) / (2^bits - 1), zero point = clip(-round(lo / s)),
/// code = clip(round(w / s + zero point)). |s| below 2^-23 becomes 2^-23. Every operation is rounded to f32;
/// only the scale that is stored may be an f16.
/// Source: nncf.quantization.algorithms.weight_compression.weight_lowering, do_integer_quantization and
/// do_integer_dequantization; nncf 3.4.0.
Op nncf_quantize();

}  // namespace plumb
