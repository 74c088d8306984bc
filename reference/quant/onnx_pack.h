// NNCF's 4-bit packs for ONNX models.
#pragma once

#include "reference/op.h"

namespace plumb {

/// packed[i, 0] = code[2i] & 15 | code[2i+1] << 4 in the codes' own type: u8 codes 0 … 15 or i8 codes -8 … 7, two's
/// complement; others are refused. Shape [n/2, 1], pairs cross rows.
/// Source: nncf.onnx.graph.onnx_helper.pack_4_bits, nncf 3.4.0.
Op onnx_pack_4bit();

/// A weight [K, N] as the operand B of MatMulNBits: for each of N outputs, blocks of `block` codes along K, low nibble
/// first; signed codes are stored plus 8. What a block lacks is stored as 0 bits, so for signed codes it means -8.
/// Result [N, ceil(K/block), ceil(block/2)]. Codes must lie in 0 … 15 (u8) or -8 … 7 (i8).
/// Source: nncf.onnx.graph.onnx_helper.pack_int4_to_uint8, nncf 3.4.0.
Op onnx_pack_int4_blocks();

}  // namespace plumb
