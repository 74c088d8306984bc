// The smallest and largest element of each block, and what scales are made from them.
#pragma once

#include <vector>

#include "reference/op.h"

namespace plumb {

/// Smallest and largest element of a block; both NaN if one of its elements is.
struct Range {
  double min, max;
};

/// One a block, in the order of scales.
[[nodiscard]] std::vector<Range> block_ranges(const Problem& problem, const Tensor& x);

/// The parameter `eps`: what scales are not to fall below, as a word.
[[nodiscard]] Param eps_param();
/// Its number, for values of type `dtype`.
[[nodiscard]] double eps_of(const Signature& signature, DType dtype);

/// torch.clamp(value, min=low): NaN stays NaN.
[[nodiscard]] double at_least(double value, double low);

/// A tensor cannot be reduced where there are no elements.
[[nodiscard]] std::vector<Constraint> has_elements();

}  // namespace plumb
