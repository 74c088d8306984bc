// Scales and zero points of blocks, from their smallest and largest elements. Every rounding is part of the definition.
#pragma once

#include "reference/op.h"

namespace plumb {

/// With mn = min(block, 0), mx = max(block, 0) (as they are with preserve_zero = 0), lo and hi the range of codes:
///   symmetric                  scale = max(-mn, mx) / ((hi - lo) / 2)
///   symmetric_no_clipping_err  scale = mn/lo if that is greater than mx/hi, else mx/hi
///   asymmetric                 scale = (mx - mn) / (hi - lo), zero_point = clamp(lo - rne(mn/scale), lo, hi)
///   asymmetric_least_error     the same scale; zero_point = rne(clamp(lo - mn/scale, lo, hi)) if
///                              (lo + mn/scale) + (hi + mx/scale) > 0, else rne(clamp(hi - mx/scale, lo, hi))
///   absmax                     scale = max(-mn, mx, eps) / hi, zero_point = 0
///   asymmetric_stretched       the asymmetric scale, but 0.1 where it is 0 or has no reciprocal, and 6.1e-5 where
///                              it is less: mn and mx are then multiplied by what the scale was (if one of them is 0,
///                              the other becomes 6.1e-5 * (hi - lo)); zero_point = rne(clamp(lo - mn/scale, lo, hi))
///                              if |lo| + |mn/scale| < |hi| + |mx/scale|, else rne(clamp(hi - mx/scale, lo, hi))
/// All but the last two then raise the scale to eps; zero points of the symmetric ones are (hi + lo + 1) / 2,
/// truncated. The cast to the outputs' types comes last. A block with NaN has scale NaN, and zero points that come out
/// NaN are open.
///
/// Upstream reduces a tensor whose blocks have one element to a single scale; here such blocks have a scale each.
/// Source: torchao 0.18.0, quant_primitives.py: choose_qparams_affine, _choose_qparams_affine_dont_preserve_zero;
/// torch.ops.quantized_decomposed of executorch 1.5.1: choose_qparams.tensor, choose_qparams_per_token (absmax),
/// choose_qparams_per_token_asymmetric (asymmetric_least_error, after XNNPACK); executorch's Vulkan shader
/// choose_qparams_per_row (asymmetric_stretched, which takes no eps).
Op choose_qparams_affine();

}  // namespace plumb
