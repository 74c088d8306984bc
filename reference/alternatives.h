// Outputs of which more than one value is right.
#pragma once

#include <vector>

#include "reference/op.h"

namespace plumb {

/// For every element of an output the right value that is nearest to what was got: the oracle's, or that with some of
/// its steps. Of an element with more than 12 of them, which have hardly a gap between their sums, anything between the
/// smallest and the largest sum counts as right. `got` has as many elements as `expected`.
[[nodiscard]] std::vector<double> nearest_alternatives(const Expected& expected, const Tensor& got);

}  // namespace plumb
