// torchao's Int4PlainInt32Tensor: a weight chosen for, quantised and packed in one go.
#pragma once

#include "reference/op.h"

namespace plumb {

/// Groups of a weight [N, K] get a scale and a zero point (asymmetric, scales of 1e-6 at least), codes are packed eight
/// to a 32-bit word, and scales and zero points are stored transposed, [K/group, N].
/// Codes are 0 … 15, and zero points i8: the variant for XPU. Words with a code that the definition leaves open are
/// open. Source: torchao 0.18.0, int4_plain_int32_tensor.py: Int4PlainInt32Tensor.from_hp.
Op quantize_plain_int32();
/// The variant for NPU: codes -8 … 7, zero points in the weight's type; groups are multiples of 32 and less than K.
Op quantize_plain_int32_npu();

}  // namespace plumb
