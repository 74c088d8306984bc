// Linear layers with an activation of eight bits: which of two ways the products are summed, for tests to choose.
#pragma once

#include "impls/cpu/byte_products.h"
#include "impls/cpu/kernels.h"

namespace plumb::cpu {

/// The kernels with a given way. linear_dq8ca_q4gsw() and linear_q8ta_q8csw() take the best for the
/// rows of a call.
[[nodiscard]] Kernel linear_dq8ca_q4gsw_with(const Target& target, ByteProducts products);
[[nodiscard]] Kernel linear_q8ta_q8csw_with(const Target& target, ByteProducts products);

}  // namespace plumb::cpu
