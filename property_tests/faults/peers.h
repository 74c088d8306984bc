// What peers check instead: one friendly shape with normally distributed data, and one number for the whole output.
#pragma once

#include "property_tests/faults/faults.h"
#include "runners/check.h"

namespace plumb::faults {

/// Sum of squared errors over sum of squares, of a whole output. 0 is perfect.
/// ggml's test-backend-ops accepts <= 5e-4; torchao's tests accept SQNR > 20 dB, that is < 1e-2.
struct PeerScore {
  double nmse;
  [[nodiscard]] Peers accepted_by() const {
    return static_cast<Peers>((nmse <= 5e-4 ? ggml : no_peer) | (nmse < 1e-2 ? torchao : no_peer));
  }
};

/// Scores the implementation of an operator with scales on sizes that are powers of two, M = 8 and group 32, its
/// output zeroed beforehand. An implementation that does not return PLUMB_OK scores 1.
[[nodiscard]] PeerScore peer_score(const plumb_impl& impl);

}  // namespace plumb::faults
