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
#include "runners/execute.h"

namespace plumb {

/// An implementation under test.
struct Subject {
  const plumb_impl* impl;
  std::string library;  ///< Path of the shared object it came from; empty for built-in ones.
};

/// What changing an input showed (see sensitivity.h).
struct Vouch {
  std::string input;         ///< On which an output depends; empty: nothing depends on any.
  std::string asked = {};    ///< The input that was asked first, whatever came of it.
  std::int64_t changed = 0;  ///< Elements of that one that were changed one at a time; 0 where it takes too long.
  std::int64_t shown = 0;    ///< Those of them that moved an output past its bound.
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
  /// Without an input, a case of sums or products is vacuous; where bits are prescribed results may saturate. Absent
  /// where nobody looked.
  std::optional<Vouch> vouch = {};
};

[[nodiscard]] Question ask(const Case& test_case);

/// What outputs are filled with beforehand, in turn: an element that is right by chance in one call is not in the next.
inline constexpr std::byte kPoisons[] = {std::byte{0xFF}, std::byte{0x5A}};

/// What one call of a legal problem did, and how it was made: "with 3 threads".
struct Trial {
  Execution execution;
  std::byte poison;
  std::string how;
};

/// The verdict on calls of one problem, each of which should have given the question's answer, and all of them the same
/// bits if the contract says so. Statuses have been looked at already (see refused).
[[nodiscard]] Record judge_trials(const Question& question, const Contract& contract, const std::vector<Trial>& trials);

/// The verdict on a status that a legal call gave, if it is not PLUMB_OK.
[[nodiscard]] std::optional<Record> refused(std::string_view function, plumb_status status);

/// What an implementation promises about this operator. Where every bit is prescribed there is nothing to promise.
[[nodiscard]] Contract contract_for(const Op& op, const plumb_impl& impl);

/// Whether a wrong output is also explained (see diagnose.h), which costs many times the oracle.
enum class Diagnosis { none, sought };

/// Runs the implementation and judges what it wrote: with one thread where nothing behind tensors may be touched; with
/// several, prepared anew, where nothing before them may be; and on exact data with several where nothing behind them
/// may be. The identifying fields of the result (op, impl, case_name, again) are left for the caller.
[[nodiscard]] Record judge_subject(const Subject& subject, const Question& question,
                                   Diagnosis diagnosis = Diagnosis::none);

/// Gives the implementation a problem that the operator forbids: supports, prepare or run must say that it is a bad
/// argument, or unsupported, and leave the output untouched.
[[nodiscard]] Record judge_refusal(const Subject& subject, const Op& op, const Problem& illegal);

/// The command that repeats a case of a campaign.
[[nodiscard]] std::string repeat_command(const Subject& subject, const std::string& case_name);

}  // namespace plumb
