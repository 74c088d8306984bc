// What peers check instead: one friendly shape with normally distributed data, and one number for the whole output.
#pragma once

#include "runners/check.h"

namespace plumb::faults {

/// The usual numbers over a whole output.
struct PeerScore {
  double cosine;  ///< Usual demand: > 0.99.
  double nmse;    ///< Sum of squared errors over sum of squares. Usual demand: <= 5e-4.
  [[nodiscard]] bool passes() const { return cosine > 0.99 || nmse <= 5e-4; }
};

/// Scores the implementation of an operator with scales on sizes that are powers of two, M = 8 and group 32, its
/// output zeroed beforehand. An implementation that does not return PLUMB_OK scores nothing.
[[nodiscard]] PeerScore peer_score(const plumb_impl& impl);

}  // namespace plumb::faults
