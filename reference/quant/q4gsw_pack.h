// ExecuTorch's packing of a linear layer's 4-bit weight for its Vulkan backend: rows of two codes a byte.
#pragma once

#include "reference/op.h"

namespace plumb {

/// packed[n, j] = (code[n, 2j] + 8) | (code[n, 2j+1] + 8) << 4, codes -8 ... 7 of any integer type. K is padded with
/// code 0 to a multiple of `padding` (0: not at all), and must be even then. Codes of another rank than 2 lose their
/// dimensions of 1. Source: executorch.backends.vulkan.patterns.weight_packing_utils.pack_4bit_weight_tensor,
/// executorch 1.5.1.
Op pack_q4gsw();

/// Inverse of pack_q4gsw: the first `columns` codes of each row, i8. Whatever the padding holds is dropped.
Op unpack_q4gsw();

}  // namespace plumb
