// The problem that some inputs pose to an operator.
#pragma once

#include <vector>

#include "reference/op.h"

namespace plumb {

/// Sizes follow from shapes, element types from the inputs' own; `params` are the rest. Throws Error naming port,
/// expected and got, if the operator forbids the call.
[[nodiscard]] Problem problem_of(const Op& op, std::vector<Tensor> inputs, const Sizes& params = {});

}  // namespace plumb
