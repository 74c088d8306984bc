// How far quantised values are from what they were: the signal-to-quantisation-noise ratio.
#pragma once

#include "reference/op.h"

namespace plumb {

/// sqnr = 20 * log10(|x| / |x - y|) in decibels, |.| the root of the sum of squares over all elements. Every step but
/// the sums is rounded to the elements' type: x - y, both norms, their ratio, its logarithm and the product. Equal
/// tensors give infinity, two of zeros NaN.
///
/// Left open are the order of the sums (in f32; in f64 for elements of f64) and the last bits of square root and
/// logarithm; where a sum of squares may overflow in some order, everything.
/// Source: torchao 0.18.0, quantization/utils.py: compute_error.
[[nodiscard]] Op compute_error();

}  // namespace plumb
