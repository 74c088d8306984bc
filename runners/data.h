// Data modes: how the inputs of a case are made. data.cc holds the table.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "reference/op.h"

namespace plumb {

/// A way to fill inputs.
struct DataMode {
  std::string_view name;
  std::string_view summary;
  /// Exact data: every partial sum, in any order, fits this many significand bits (and the output's); the result must
  /// then be bit for bit the oracle's. 0 for bounded data.
  int exact_bits;
  double activation_low, activation_width;      ///< Bounded data: activations are uniform in [low, low + width).
  int scale_exponent_low, scale_exponent_high;  ///< Bounded data: scales are [1, 2) * 2^e, e uniform in [low, high].

  bool edges = false;  ///< Fill::weight holds what quantisers stumble over.

  [[nodiscard]] bool exact() const { return exact_bits > 0; }
};

/// All data modes, in the order of the table.
[[nodiscard]] std::span<const DataMode> all_data_modes();
/// The mode of that name. Throws Error naming the nearest ones.
[[nodiscard]] const DataMode& data_mode_named(std::string_view name);

/// Whether the mode makes data for this operator that another mode does not (pure data movement is always exact). Exact
/// data need bits for one product at least.
[[nodiscard]] bool applies(const DataMode& mode, const Op& op);

/// Magnitudes for exact data of a sum of `length` products: sum |x||code| 2^e + |bias| <= 2^bits quanta.
struct ExactBudget {
  std::int64_t activation;  ///< Activations are integers in [-activation, activation], never 0 where active.
  int scale_exponents;      ///< Scales are 2^e, e in [0, scale_exponents].
  std::int64_t stride;      ///< Row m is active at k with k % stride == (m + seed) % stride: 1 = everywhere.
  std::int64_t bias;        ///< Bias is an integer in [-bias, bias].
};
[[nodiscard]] ExactBudget plan_exact(std::int64_t length, int max_code_magnitude, int bits);

/// Makes one input.
[[nodiscard]] Tensor make_input(const Op& op, const Signature& signature, const Port& port, const DataMode& mode,
                                std::uint64_t seed);

}  // namespace plumb
