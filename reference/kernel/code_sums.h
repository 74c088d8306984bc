// The input that operators want beside codes: their sums.
#pragma once

#include "reference/op.h"

namespace plumb {

/// What the operator's Fill::code_sums port has to hold for these weights, of its port of that name: sums of the codes
/// of each group of K along its last axis, N and zeros beyond. The number of groups follows from the port's shape.
[[nodiscard]] Tensor code_sums(const Op& op, const Signature& signature, const Tensor& weights);

}  // namespace plumb
