// linear_q4gsw computed as kernels do it: any order and blocking of the sum, any accumulator, fused or not, scaled
// group sums or dequantised weights. Each operation is done in double and rounded to the accumulator's type.
#pragma once

#include <ostream>

#include "reference/contract.h"
#include "reference/op.h"
#include "runners/philox.h"

namespace plumb {

/// How an emulated kernel computes.
struct Manner {
  /// Where the scale comes in: w = round(code scale); (x code) scale; scale (sum of x code over the group).
  enum class Scaling { dequantised_weight, scaled_product, scaled_group_sum };
  /// One sum after the other; some sums side by side that are folded at the end; any two partial sums at a time.
  enum class Order { straight, lanes, random_tree };

  DType activation;   ///< x is rounded to this.
  DType weight;       ///< Scaling::dequantised_weight: w is rounded to this.
  DType accumulator;  ///< Products, partial sums and scaled sums are rounded to this.
  Scaling scaling;
  Order order;
  std::size_t lanes;  ///< Order::lanes: how many.
  bool shuffled;      ///< Terms are taken in random order.
  bool fused;         ///< A product that is added to something is not rounded by itself.
  bool flushes;       ///< Subnormal inputs, intermediates and outputs become zero.
};

/// What an emulated kernel wrote, and the contract that says no more than what it did: the chain is the longest that
/// any term really passed through.
struct Emulation {
  Tensor output;
  Contract contract;
};

/// Computes a linear_q4gsw problem; `random` decides about order.
[[nodiscard]] Emulation emulate_linear(const Problem& problem, const Manner& manner, const Random& random);

/// How RapidCheck prints it.
void showValue(const Manner& manner, std::ostream& out);

}  // namespace plumb
