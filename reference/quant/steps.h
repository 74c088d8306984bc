// Operators that are several quantisation steps one after the other: each step is an operator of its own.
#pragma once

#include <vector>

#include "reference/op.h"

namespace plumb {

/// What an operator gives for these inputs; parameters that are not given take their default. The inputs' values are
/// not checked. Throws Error if the operator forbids the call.
[[nodiscard]] Answer evaluate_step(const Op& op, const Sizes& params, const std::vector<Tensor>& inputs);

/// An answer as a tensor that the next step takes. Integers that the definition leaves open become 0.
[[nodiscard]] Tensor step_tensor(DType dtype, Shape shape, const Expected& expected);

}  // namespace plumb
