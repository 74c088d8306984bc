// Re-quantisation of a latent weight with frozen scales, as ExecuTorch does between training steps.
#pragma once

#include "reference/op.h"

namespace plumb {

/// code[n, k] = clamp(rne(fl32(latent[n, k] / scales[k / group, n])), -8, 7) + 8, and 8 where the scale is 0; two codes
/// a byte, even columns low, as pack_q4gsw has them but without padding: the high nibble after an odd K is 0. What a
/// NaN becomes is left open. Source: et_vk::q4gsw_requant, executorch 1.5.1 (custom_ops_lib.py).
Op q4gsw_requant();

/// The same codes as pack_w_4x8 lays them out in order nc.
/// Source: shader q4gsw_requant, executorch cff6f4dd32e6.
Op q4gsw_requant_w_4x8();

}  // namespace plumb
