// How much work an oracle is: how many products its outputs sum up.
#pragma once

#include <cstdint>

#include "reference/op.h"

namespace plumb {

/// Products that an element of the outputs sums up; 1 where it is no sum.
[[nodiscard]] std::int64_t products_of_element(const Op& op, const Signature& signature);

/// Those of all elements of all outputs together.
[[nodiscard]] std::int64_t product_count(const Op& op, const Signature& signature);

/// What evaluating the oracle takes: those and the elements of all inputs.
[[nodiscard]] std::int64_t oracle_work(const Op& op, const Signature& signature);

}  // namespace plumb
