// Linear layer of torchao's Int4PlainInt32Tensor: asymmetric 4-bit weights, eight codes to a word.
#pragma once

#include "reference/op.h"

namespace plumb {

/// x' = act_pre_scale ? R(x * act_pre_scale) : x, R rounding to x's type; then with w = (code - zero_point) * scale
///   xpu: y = R(sum_k x'[m, k] w[n, k]), and with bias R(y + bias[n]), rounded a second time;
///   npu: y = R(sum_k x'[m, k] w[n, k] + bias[n]).
/// qdata: [N, K/8] words, element 8w + i in bits 4i …: 0 … 15 on xpu, two's complement on npu; scale and zero_point:
/// [K/group, N]; zero points are i8 on xpu and of x's type on npu, which may here have them in i8, too.
///
/// The NPU's own documentation adds the zero point, while torchao hands it over unnegated: offset = added is that
/// reading, w = (code + zero_point) * scale.
/// Source: torchao 0.18.0, quantization/quantize_/workflows/int4/int4_plain_int32_tensor.py.
Op linear_int4_plain_int32();

}  // namespace plumb
