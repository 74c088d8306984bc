// Matrix multiplication with a compressed weight, as OpenVINO decompresses it.
#pragma once

#include "reference/op.h"

namespace plumb {

/// y[m, n] = sum_k x[m, k] * (q[n, k] - z[n, g]) * s[n, g], g = k / group. weight: the codes of [N, K] in flat order as
/// OpenVINO stores `type`; scale and zero point: [N, K/group], or one for all (`scales`, `zeros` = tensor; a group of K
/// gives one per output). The zero point is optional: `zero_codes` in the weight's own packed type, or `zero_point`,
/// one number each.
///
/// With `dynamic` = d, x is first quantised to int8, d columns of a row together: s = max |x| / 127 and x' = s rne(x /
/// s), quotients rounded to f32, all zero where the maximum is. (The CPU plugin does so by default where d = 32 divides
/// the group, unless the zero point is one for all or the codes are i4 with zero points.)
///
/// Two contracts are legal upstream: the factors unrounded in f32, or the decompressed weight rounded to f16 first
/// (execution mode ACCURACY). plumb_contract says which: weight = PLUMB_F64 or PLUMB_F32 and PLUMB_F16.
/// Source: OpenVINO 2026.4 (Constant, Convert, Subtract, Multiply, Reshape, MatMul on the CPU plugin).
Op matmul_compressed();

}  // namespace plumb
