// ATen's CPU matrix multiplication with packed 4-bit weights, and torchao's linear layer on it.
#pragma once

#include "reference/op.h"

namespace plumb {

/// y[m, n] = sum_k x'[m, k] * ((code[n, k] - 8) * scale[g, n] + zero[g, n]), g = k / group, with scale and zero from
/// scale_and_zeros [K/group, N, 2]. As in Int4OpaqueTensor's linear, x' = R(x * act_pre_scale) and a bias may be added
/// to the result, which has been rounded to x's type before. packed: [N, K/2] bytes in the layout of ATen's pack for
/// `isa`.
/// Source: aten/src/ATen/native/LinearAlgebra.cpp: _weight_int4pack_mm_cpu (torch 2.13.0); torchao 0.18.0,
/// quantization/quantize_/workflows/int4/int4_opaque_tensor.py.
Op weight_int4pack_mm();

}  // namespace plumb
