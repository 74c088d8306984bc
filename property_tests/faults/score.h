// How the harness does on the catalogue: which faults the standard campaign catches, by what, whether its diagnosis
// names them, and which of them peers' criteria would have seen.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "property_tests/faults/catalogue.h"
#include "property_tests/faults/peers.h"
#include "reports/record.h"

namespace plumb::faults {

/// One fault's result.
struct Score {
  const Entry* entry;
  Record seen{Outcome::skip, ""};      ///< The case that says most about it; a skip says why nothing was judged.
  std::string probe = {};              ///< What saw it (see probe_of); empty if nothing did.
  bool named = false;                  ///< Whether a verdict says what `Entry::diagnosis` expects.
  std::int64_t judged = 0, wrong = 0;  ///< Cases; only as many are judged as are needed.
  std::array<bool, kCriteria> friendly =
      {};  ///< Which criteria refuse it, but not the right kernel, on the peers' own problem.
  std::array<bool, kCriteria> own = {};  ///< Which do so on one of the cases that plumbline found it by.

  [[nodiscard]] bool caught() const { return !probe.empty(); }
  [[nodiscard]] bool was_judged() const { return judged > 0; }
};

/// How often each criterion refuses what is right.
struct Refusals {
  std::int64_t asked = 0;
  std::array<std::int64_t, kCriteria> refused = {};
};

/// Of the correct kernels among the faulty ones.
struct RightKernels {
  std::int64_t judged = 0;
  std::vector<Record> wrong = {};    ///< Accused by plumbline: there must be none.
  Refusals friendly = {}, own = {};  ///< On the peers' problem of each operator, and on plumbline's cases.
};

struct Scores {
  std::vector<Score> faults;  ///< In the order of the entries.
  RightKernels right;
};

/// What of plumbline saw a wrong case: "exact data", "proved bound", "prescribed bits", "poisoned output", "guard
/// zones", "other threads", "status", "worker process" or "time limit".
[[nodiscard]] std::string probe_of(const Record& record);

/// Runs the standard campaign over the entries, and peers' criteria. `entries` must outlive the result. Campaigns end
/// for a fault once it is caught some times.
[[nodiscard]] Scores score(const std::vector<Entry>& entries, int workers);

}  // namespace plumb::faults
