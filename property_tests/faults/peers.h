// What peers check instead: one number, or one tolerance, for a whole output.
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

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

/// A way to accept an output or not.
struct Criterion {
  const char* name;
  const char* source;
  /// `got` and `want` are all elements of an output; `length` is how many products each is a sum of, 1 if it is none.
  bool (*accepts)(std::span<const double> got, std::span<const double> want, std::int64_t length);
};
inline constexpr std::size_t kCriteria = 4;
/// ggml's NMSE, torchao's SQNR, ExecuTorch's tolerance, torch.allclose's defaults.
[[nodiscard]] const std::array<Criterion, kCriteria>& criteria();

/// The problem of a peer's test: sizes that are powers of two, M = 8, group 32, everything that can be there, normally
/// distributed numbers.
[[nodiscard]] Question friendly_question(const Op& op);

/// Which criteria refuse what the implementation writes over zeros, by their place, as a word of 0 and 1: "0011". A
/// call that does not succeed is refused by all.
[[nodiscard]] std::string refused_by(const plumb_impl& impl, const Question& question);

}  // namespace plumb::faults
