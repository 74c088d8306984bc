// NNCF's packing of unsigned 4-bit codes, two a byte in flat order, low nibble first.
#pragma once

#include "reference/op.h"

namespace plumb {

/// packed[i] = (code[2i] & 15) | (code[2i+1] << 4 & 255), shape [n/2, 1]. Codes above 15 lose their high bits.
/// Source: nncf.torch.quantization.layers.pack_uint4, nncf 3.4.0.
Op pack_uint4();

/// code[..., 0] = packed & 15, code[..., 1] = packed >> 4 (arithmetic for an i8 container: the high code keeps its
/// sign). Source: nncf.torch.quantization.layers.unpack_uint4, nncf 3.4.0.
Op unpack_uint4();

}  // namespace plumb
