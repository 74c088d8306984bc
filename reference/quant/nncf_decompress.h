// NNCF's weight decompressors: what they store of a quantised weight, and what they make of it again.
#pragma once

#include "reference/op.h"

namespace plumb {

/// The constants that a decompressor keeps: codes packed in flat order, low bits first (4-bit signed codes as value +
/// 8), the scale as f16, and the zero point packed like the codes. Codes outside the range of `bits` are refused.
/// Source: nncf.torch.quantization.layers, INT4/INT8 Symmetric/Asymmetric WeightsDecompressor, pack_weight; nncf 3.4.0.
Op nncf_compress_constants();

/// w = f16((f16(code) - f16(zero point)) * scale), then rounded to the result's type; row by row.
/// Upstream's reshape to the result's shape moves nothing and is left to the caller.
/// Source: nncf.torch.quantization.layers, INT4/INT8 Symmetric/Asymmetric WeightsDecompressor, forward; nncf 3.4.0.
Op nncf_decompress();

}  // namespace plumb
