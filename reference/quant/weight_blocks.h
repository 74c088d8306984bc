// The blocks that ExecuTorch's Vulkan shaders read weights in, as its prepack shaders write them.
//
// Words are 32-bit and little-endian. Rows that the weight does not have are code 0.
#pragma once

#include "reference/op.h"

namespace plumb {

/// Of a weight packed by pack_q4gsw: vectors of four words, one for 8 rows x 4 columns; word r, byte b holds row r in
/// its low and row r + 4 in its high nibble, column b. Source: shader pack_q4_linear_weight, executorch cff6f4dd32e6.
Op pack_q4_linear_weight();

/// The same with rows 2p and 2p + 1 in word p, and the vectors' order a choice: blocks of rows innermost (nc) or blocks
/// of columns (kc). Source: shader pack_q4_linear_weight__w_4x8, executorch cff6f4dd32e6.
Op pack_w_4x8();

/// Of int8 codes: vectors of four words, one for 4 rows x 4 columns; word r is row r. Blocks of rows innermost.
/// Source: shader pack_q8_linear_weight, executorch cff6f4dd32e6.
Op pack_q8_linear_weight();

/// Of two codes a byte with the even column in the high nibble: transposed, and byte j of a column's run of four holds
/// row 8i + j in its high and row 8i + j + 4 in its low nibble.
/// Source: shader pack_int4_linear_weight_transposed_interleaved, executorch cff6f4dd32e6.
Op pack_int4_transposed();

}  // namespace plumb
