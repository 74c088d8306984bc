// ATen's weight of the dynamically quantised 4-bit linear, packed for its portable matrix multiplication.
#pragma once

#include "reference/op.h"

namespace plumb {

/// packed = the N K/2 bytes of codes, then the N K/group scales, then the N biases if there are any, each as one f32.
/// Source: torch 2.13.0, aten::_dyn_quant_pack_4bit_weight where KleidiAI does not take part.
Op pack_dyn_quant_4bit();

}  // namespace plumb
