// Faults that any operator without sums can have: a right kernel whose output is spoilt.
#pragma once

#include <vector>

#include "property_tests/faults/faults.h"

namespace plumb::faults {

/// The faults of every operator in whose outputs each bit is prescribed, save those that `known` lists faults of.
[[nodiscard]] std::vector<Fault> derived_faults(std::span<const Fault> known);

/// The built-in scalar kernel of the operator, its output spoilt as `mutation` says.
[[nodiscard]] Kernel spoilt_kernel(std::string_view op, Mutation mutation);

}  // namespace plumb::faults
