// The embedding lookup that ExecuTorch decomposes to: a table of 4-bit codes, dequantised row by row.
#pragma once

#include "reference/op.h"

namespace plumb {

/// y[..., k] = (nibble[indices[...], k] - 8 - zero_point) * scale, the even column in the high nibble. The difference
/// and the product are each rounded to the scales' type, which is also that of the zero points and of y. Source:
/// ExecuTorch 1.5.1, exir/passes/_quant_patterns_and_replacements.py: quantized_decomposed.embedding_4bit.dtype.
Op embedding_4bit();

}  // namespace plumb
