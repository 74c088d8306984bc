// Probes: what is tried on an implementation beyond one call of one problem. probe.cc holds the table.
#pragma once

#include <span>
#include <string_view>

#include "reports/record.h"
#include "runners/check.h"

namespace plumb {

/// A way of calling, and the verdict on it. A case with a probe is written with its name at the end:
/// "linear_q4gsw[M=3,K=64,N=8,group=32]/bounded#7+threads".
struct Probe {
  std::string_view name;
  std::string_view summary;
  /// Whether there is anything to try on cases of this operator.
  bool (*applies)(const Op& op);
  /// `question` is that of `test_case`.
  Record (*judge)(const Subject& subject, const Question& question, const Case& test_case);
};

/// All probes, in the order of the table.
[[nodiscard]] std::span<const Probe> all_probes();
/// The probe of that name. Throws Error naming the nearest ones.
[[nodiscard]] const Probe& probe_named(std::string_view name);

/// The size of the activations that the constant inputs know nothing of, e.g. M; empty if there is none.
[[nodiscard]] std::string free_size(const Op& op);

}  // namespace plumb
