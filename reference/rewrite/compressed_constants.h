// Rewrites of graphs with constants of u2, u4 and i4, as OpenVINO's passes treat them.
#pragma once

#include "reference/rewrite/rewrite.h"

namespace plumb::graph {

/// Reshape(constant) -> constant of that shape; Reshape(Convert(constant)) -> Convert(constant of that shape).
[[nodiscard]] Rewrite convert_reshape_fold();
/// Conversions of low-bit constants get the mark "decompression", which keeps constant folding off.
[[nodiscard]] Rewrite mark_compressed_constants();
/// u2 constants become u8, one value a byte, for a plugin without u2.
[[nodiscard]] Rewrite promote_u2_to_u8();
/// A call on constants alone becomes a constant. `respects_marks` = false plants a fault: compressed weights expand.
[[nodiscard]] Rewrite fold_constants(bool respects_marks = true);

}  // namespace plumb::graph
