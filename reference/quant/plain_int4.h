// torchao's plain packings of 4-bit codes: eight to a 32-bit word (Int4PlainInt32Tensor), two to a byte (Int4Tensor).
#pragma once

#include "reference/op.h"

namespace plumb {

/// words[n, w] = sum of (codes[n, 8w + i] & 15) << 4i for i = 0 … 7. Codes are 0 … 15, or -8 … 7 with the flag
/// `signed`; others are refused.
/// Source: torchao 0.18.0, Int4PlainInt32Tensor.from_hp: qdata on XPU, and with `signed` on NPU.
Op pack_plain_int32();

/// The inverse of pack_plain_int32.
Op unpack_plain_int32();

/// packed[n, j] = (codes[n, 2j] & 15) | (codes[n, 2j + 1] & 15) << 4, codes -8 … 7.
/// Source: torchao 0.18.0, Int4Tensor.from_hp: qdata, made by pack_int4 of mslk 1.1.0.
Op pack_plain_int4();

/// The inverse of pack_plain_int4: both nibbles keep their sign.
Op unpack_plain_int4();

}  // namespace plumb
