// torchao's half-quadratic quantisation (HQQ). Every operation on an element is prescribed, rounded to f32; the order
// of the sums inside is not, nor the last bits of a power. So the oracle keeps all values that a scale or zero may
// have, and answers with the outcomes that float error can reach, for each element, and no others (see outcomes.h).
#pragma once

#include "reference/op.h"

namespace plumb {

/// With w the values in f32, in groups: s = min((2^bits - 1) * (1 / (max - min)), 20000), z = -min * s, rounded if
/// bits = 4. Up to 20 times, with b = 1/10, and a hundredth less of it each time:
///   q = clamp(rne(w * s + z), 0, 2^bits - 1),  r = (q - z) / s,  d = w - r
///   e = sign(d) * max(|d| - b * |d|^-0.3, 0),  z = mean of a group's q - (w - e) * s
/// until the mean of |d| over the whole tensor is not below the smallest so far (at first: 10000). Then
///   codes = clamp(rne(w * s + z), 0, 2^bits - 1), scale = 1/s,
///   zero = z if raw, else (2^(bits-1) - z) * scale: the value that tinygemm's middle code stands for.
/// With optimize = 0 there are no iterations, and s and z are rounded to the parameters' type at once.
///
/// Groups are `group` neighbours of the flattened tensor (axis = 1), or elements N * K / group apart (axis = 0); group
/// i has element i of `scale` and `zero`. (Upstream shapes these in various ways.)
/// Source: torchao 0.18.0, quant_primitives.py: _choose_qparams_and_quantize_affine_hqq, with
/// optimize_weights_proximal_legacy.
Op quantize_hqq();

/// With s = max(|w|) / max(|quant_min|, |quant_max|), not below 2^-23, in each block of `group` columns; 20 times, or
/// until no block's s changes by a hundred-thousandth:
///   q = clamp(rne(w / s), quant_min, quant_max),  s = max(sum w q / sum q q, 2^-23), or as it was if all q are zero.
/// codes = clamp(rne(w / s), quant_min, quant_max); scale = s, rounded to the values' type.
/// Source: torchao 0.18.0, quant_primitives.py: _choose_qparams_and_quantize_scale_only_hqq.
Op quantize_hqq_scale_only();

}  // namespace plumb
