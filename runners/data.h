// Data modes: how the inputs of a case are made. data_modes.cc holds the table.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "reference/contract.h"
#include "reference/op.h"

namespace plumb {

/// What adversarial data do to a kernel, one thing at a time.
enum class Adversary {
  none,
  one_hot,      ///< Each row of activations is zero but for one element.
  extremes,     ///< Activations of one sign and codes at their ends: sums beyond f16's largest number.
  tiny_scales,  ///< Scales that are zero, subnormal, the smallest normal number, or as usual.
  not_finite,   ///< A NaN or an infinity in one row of activations.
};

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
  Adversary adversary = Adversary::none;

  [[nodiscard]] bool exact() const { return exact_bits > 0; }
};

/// All data modes, in the order of the table.
[[nodiscard]] std::span<const DataMode> all_data_modes();
/// The mode of that name. Throws Error naming the nearest ones.
[[nodiscard]] const DataMode& data_mode_named(std::string_view name);

/// Whether the mode makes data for this operator that another mode does not (pure data movement is always exact). Exact
/// data need bits for one product at least.
[[nodiscard]] bool applies(const DataMode& mode, const Op& op);

/// Significand bits of the narrowest type that a product or a sum goes through: data must be exact in those.
[[nodiscard]] int exact_bits_of(const Contract& contract);

/// Whether a case of this mode asks the implementation what it can answer: exact data need an accumulator of their
/// bits, and extremes one that does not overflow.
[[nodiscard]] bool can_be_judged(const DataMode& mode, const Op& op, const Contract& contract);

/// How many columns of an activation the operator quantises to int8 together, before it does anything else; 0: none.
[[nodiscard]] std::int64_t quantised_together(const Signature& signature);

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
