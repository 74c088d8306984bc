// How sums of products of bytes are made: one of several ways that give the same whole numbers.
#pragma once

#include "impls/cpu/targets.h"

namespace plumb::cpu {

/// Sums are exact, so the results are the same bits each way.
enum class ByteProducts {
  plain,        ///< with what every CPU of the target has
  instruction,  ///< with the dot-product instruction (AVX512-VNNI, AVX-VNNI)
  tiles,        ///< with AMX's tiles: 16 rows of activation at a time
};

/// Whether this CPU and operating system have it, and the target a use for it.
[[nodiscard]] bool has_byte_products(const Target& target, ByteProducts products);

/// The best of the first two, and of all of them: tiles do not pay for few rows.
[[nodiscard]] ByteProducts best_for_few_rows(const Target& target);
[[nodiscard]] ByteProducts best_for_many_rows(const Target& target);
inline constexpr std::int64_t kFewRows = 2;  ///< As many rows of activation are few.

}  // namespace plumb::cpu
