// NNCF's packing of 4-bit and 2-bit codes in flat order, the first code of a byte in its lowest bits.
#pragma once

#include "reference/op.h"

namespace plumb {

/// packed[i] = (code[2i] & 15) | (code[2i+1] << 4 & 255), shape [n/2, 1]. Codes above 15 lose their high bits.
/// Source: nncf.torch.quantization.layers.pack_uint4, nncf 3.4.0.
Op pack_uint4();

/// code[..., 0] = packed & 15, code[..., 1] = packed >> 4 (arithmetic for an i8 container: the high code keeps its
/// sign). Source: nncf.torch.quantization.layers.unpack_uint4, nncf 3.4.0.
Op unpack_uint4();

/// The same of code + 8 modulo 256, for i8 codes -8 … 7; others lose their high bits.
/// Source: nncf.torch.quantization.layers.pack_int4, nncf 3.4.0.
Op pack_int4();

/// What unpack_uint4 gives, as i8 and minus 8; so the high codes of an i8 container are -16 … -1.
/// Source: nncf.torch.quantization.layers.unpack_int4, nncf 3.4.0.
Op unpack_int4();

/// Inverse of unpack_uint2: packed[i] = sum of (code[4i+j] & 3) << 2j, shape [n/4, 1]. No released NNCF packs 2 bits.
Op pack_uint2();

/// code[..., j] = packed >> 2j & 3, for j = 0 … 3. An i8 container gives the same codes as i8.
/// Source: the 2-bit unpacking subgraph (shift, and, stack) that OpenVINO's PyTorch frontend recognises.
Op unpack_uint2();

}  // namespace plumb
