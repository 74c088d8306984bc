// Matrix multiplication with a compressed weight, as OpenVINO decompresses it.
#pragma once

#include "reference/op.h"

namespace plumb {

/// y[m, n] = sum_k x[m, k] * (q[n, k] - z[n, g]) * s[n, g], g = k / group. weight: the codes of [N, K] in flat order as
/// OpenVINO stores `type`; scale and zero point: [N, K/group], or one for all (`scales`, `zeros` = tensor; a group of K
/// gives one per output). The zero point is optional: `zero_codes` in the weight's own packed type, or `zero_point`,
/// one number each.
///
/// Two contracts are legal upstream: the factors unrounded in f32, or the decompressed weight rounded to f16 first
/// (execution mode ACCURACY). plumb_contract says which: weight = PLUMB_F64 or PLUMB_F32 and PLUMB_F16.
/// Source: OpenVINO 2026.4 (Constant, Convert, Subtract, Multiply, Reshape, MatMul on the CPU plugin).
Op matmul_compressed();

}  // namespace plumb
