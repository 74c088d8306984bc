// The two orders in which ExecuTorch keeps the nibbles of a 4-bit table.
#pragma once

#include "reference/op.h"

namespace plumb {

/// Moves codes between quantized_decomposed.embedding_4bit's order (even column in the high nibble) and that of linear
/// layers (even column in the low nibble), as is done for a table that an embedding and a linear share. `to` names the
/// order wanted. Source: executorch.backends.vulkan.patterns.quantized_embedding, executorch 1.5.1.
Op repack_embedding();

}  // namespace plumb
