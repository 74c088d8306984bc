// Sums of activations that are given as digits with a weight that is given as quads of codes.
#pragma once

#include <cstdint>

#include "impls/cpu/digit_rows.h"
#include "impls/cpu/quad_weight.h"
#include "impls/cpu/targets.h"

namespace plumb::cpu {

/// One call: sums[m, n] of all good rows of `x`. Both have the same segments.
struct DigitSums {
  const DigitRows* x;
  const QuadWeight* weight;
  float* sums;  ///< [rows, sums_stride]
  std::int64_t sums_stride;
};

/// How products of bytes are summed up; sums are exact, so the results are the same bits each way.
enum class ByteProducts {
  plain,        ///< with what every CPU of the target has
  instruction,  ///< with the dot-product instruction (AVX512-VNNI, AVX-VNNI)
  tiles,        ///< with AMX's tiles of 16 rows, for which x->interleave is 16, and 1 otherwise
};
/// Whether this CPU and operating system have it, and the target a use for it.
[[nodiscard]] bool has_byte_products(const Target& target, ByteProducts products);

/// Sums of the weight's row blocks [first, last).
using SumDigits = void (*)(const DigitSums& job, std::int64_t first_block, std::int64_t last_block);
[[nodiscard]] SumDigits digit_sums(const Target& target, ByteProducts products);

}  // namespace plumb::cpu
