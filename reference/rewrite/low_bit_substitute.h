// Putting a low-bit constant where whole-byte codes were computed.
#pragma once

#include "reference/rewrite/editor.h"

namespace plumb::graph {

/// Everybody who reads `old` reads the low-bit `constant` of the same values. Where they all convert it, possibly
/// reshaped first, they convert the low-bit type, and reshapes in between get it; else a conversion back to the old
/// element type is put in between, so that nobody notices. `old` is removed.
void substitute_low_bit(Editor& editor, int old, Ref constant);

}  // namespace plumb::graph
