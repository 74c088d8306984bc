// How large results are that are quantised to int8: a scale should fit them.
#pragma once

#include <span>

#include "reference/op.h"

namespace plumb {

/// About how large a result is before it is quantised to int8, for int8 codes of any value: scales of a sum of products
/// multiply, of others the largest counts. `inputs` may lack all but the scales.
[[nodiscard]] double typical_result(const Op& op, const Signature& signature, std::span<const Tensor> inputs);

}  // namespace plumb
