// Error bounds per element, proved from a contract.
#pragma once

#include <cstdint>
#include <vector>

#include "reference/contract.h"
#include "reference/op.h"

namespace plumb {

/// gamma_n(u) = n u / (1 - n u): |product of n factors (1 + d_i)^(+-1), |d_i| <= u, minus 1| <= gamma_n(u).
/// Infinite if n u >= 1. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., lemma 3.1.
[[nodiscard]] double gamma(std::int64_t n, double u);

/// For every element of output number `output` the largest |got - want| that an implementation with this contract can
/// produce. For Arithmetic::prescribed that is Expected::slack, whatever the contract: 0 (bit for bit) unless the
/// oracle says that several outcomes are admissible. A sum that must be NaN has bound 0. Infinite where an intermediate
/// may overflow, where a sum is NaN of a finite activation and infinite scales, or where the contract's chain is so
/// long that it promises nothing: such elements cannot be judged.
[[nodiscard]] std::vector<double> bounds(const Op& op, const Signature& signature, const Contract& contract,
                                         const Expected& expected, std::size_t output = 0);

}  // namespace plumb
