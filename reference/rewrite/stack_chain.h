// Rewrites of weights that a graph unpacks by masks and shifts and stacks: NNCF's decompressors as OpenVINO sees them,
// from TorchScript (aten::stack), from FX (aten.stack.default), and as its own Unsqueeze and Concat.
#pragma once

#include "reference/rewrite/rewrite.h"

namespace plumb::graph {

/// stack of the four 2-bit fields of u8 bytes -> one constant of u2, the same bytes. Source: the change that brings u2
/// to OpenVINO's frontend.
[[nodiscard]] Rewrite nncf_u2_stack();
/// stack of the two nibbles of u8 bytes -> one constant of u4. Source: OpenVINO 2026.4.1, u4_block_repack.
[[nodiscard]] Rewrite nncf_u4_stack();
/// That, or a constant of u4, as i8 minus 8 -> one constant of i4: the bytes with the top bit of each nibble turned.
[[nodiscard]] Rewrite nncf_i4_stack();

}  // namespace plumb::graph
