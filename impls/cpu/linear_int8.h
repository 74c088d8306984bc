// Linear layers with an activation of eight bits: which of two ways the products are summed, for tests to choose.
#pragma once

#include "impls/cpu/kernels.h"

namespace plumb::cpu {

/// With the CPU's dot-product instruction (AVX512-VNNI, AVX-VNNI), or with what every CPU of the target has. Sums are
/// exact either way, so the results are the same bits.
enum class DotProduct { plain, instruction };

/// Whether this CPU has the instruction, and the target a use for it.
[[nodiscard]] bool has_dot_instruction(const Target& target);

/// The kernels with a given way. linear_dq8ca_q4gsw() and linear_q8ta_q8csw() take the instruction where there is one.
[[nodiscard]] Kernel linear_dq8ca_q4gsw_with(const Target& target, DotProduct dot);
[[nodiscard]] Kernel linear_q8ta_q8csw_with(const Target& target, DotProduct dot);

}  // namespace plumb::cpu
