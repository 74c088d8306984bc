// What linear layers with integer codes of a byte each share: ports, and their terms.
#pragma once

#include <vector>

#include "reference/kernel/grouped_linear.h"
#include "reference/kernel/ports.h"

namespace plumb {

/// Values of the parameter `scaling`.
inline constexpr std::int64_t kWeights = 0, kSums = 1;

/// Sizes around the boundaries of vectors, blocks and tiles; the engines are those of layers that are planned in full.
[[nodiscard]] Size few_rows();
[[nodiscard]] Size few_outputs();
[[nodiscard]] Size intx_reduction();
/// group, element types, and the flags of optional inputs.
[[nodiscard]] std::vector<Param> intx_params();
/// x, codes, scale, zero_point, bias, in this order.
[[nodiscard]] std::vector<Port> intx_inputs();
[[nodiscard]] std::vector<Constraint> intx_constraints(std::vector<Constraint> more);

/// The layer with those inputs and the activation `x` [M, K].
[[nodiscard]] GroupedLinear intx_linear(const Problem& problem, GroupedLinear::Matrix x);
/// Where sums of unscaled products are rounded to `dtype`, scaled, and rounded again before the bias: what bounds need
/// to know. Elements whose sum may overflow in that type have an infinite peak.
[[nodiscard]] Expected sums_scaled_last(const GroupedLinear& linear, DType dtype);

}  // namespace plumb
