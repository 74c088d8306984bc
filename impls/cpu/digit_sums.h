// Sums of activations that are given as digits with a weight that is given as quads of codes.
#pragma once

#include <cstdint>

#include "impls/cpu/byte_products.h"
#include "impls/cpu/digit_rows.h"
#include "impls/cpu/quad_weight.h"
#include "impls/cpu/targets.h"

namespace plumb::cpu {

/// One call: sums[m, n] of all good rows of `x`. Both have the same segments. For tiles, x->interleave is 16, else 1.
struct DigitSums {
  const DigitRows* x;
  const QuadWeight* weight;
  float* sums;  ///< [rows, sums_stride]
  std::int64_t sums_stride;
};

/// Sums of the weight's row blocks [first, last).
using SumDigits = void (*)(const DigitSums& job, std::int64_t first_block, std::int64_t last_block);
[[nodiscard]] SumDigits digit_sums(const Target& target, ByteProducts products);

}  // namespace plumb::cpu
