// Judging one implementation on one problem.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "impls/plumbline.h"
#include "reference/contract.h"
#include "reports/record.h"
#include "runners/case.h"

namespace plumb {

/// An implementation under test.
struct Subject {
  const plumb_impl* impl;
  std::string library;  ///< Path of the shared object it came from; empty for built-in ones.
};

/// A problem with everything that does not depend on the implementation: the oracle is evaluated once for all of them.
struct Question {
  const Op* op;
  Problem problem;
  Answer expected;
  bool exact;  ///< Bit for bit, whatever the contract.
  /// Upstream outputs, by their place in the operator, that must be matched bit for bit.
  std::map<std::size_t, Tensor> recorded = {};
  /// A call without output elements proves something: that it is accepted, as upstream accepted it.
  bool may_be_empty = false;
};

[[nodiscard]] Question ask(const Case& test_case);

/// Whether a wrong output is also explained (see diagnose.h), which costs many times the oracle.
enum class Diagnosis { none, sought };

/// Runs the implementation (twice: other poison, other number of threads) and judges what it wrote. The identifying
/// fields of the result (op, impl, case_name, again) are left for the caller.
[[nodiscard]] Record judge_subject(const Subject& subject, const Question& question,
                                   Diagnosis diagnosis = Diagnosis::none);

/// Gives the implementation a problem that the operator forbids: it must return PLUMB_BAD_ARGUMENT, from prepare or
/// from run, and leave the output untouched.
[[nodiscard]] Record judge_refusal(const Subject& subject, const Op& op, const Problem& illegal);

/// The command that repeats a case of a campaign.
[[nodiscard]] std::string repeat_command(const Subject& subject, const std::string& case_name);

}  // namespace plumb
