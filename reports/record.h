// One judged case: what every report is rendered from and what results.json holds.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "reports/table.h"

namespace plumb {

/// How a case ended. Spelled as it is printed and as JSON has it.
enum class Outcome {
  pass,     ///< Every element within its proved bound (bit for bit on exact data).
  fail,     ///< A wrong element, a wrong status, or an input or guard byte changed.
  crash,    ///< The implementation ended its process: signal, abort, exit().
  hang,     ///< The implementation did not return within its time limit.
  skip,     ///< Not run; the reason says why (CPU lacks the target, no device, case not supported).
  xfail,    ///< Fails as a recorded known failure says it does.
  flaky,    ///< Two runs on the same data gave different bits although the contract says deterministic.
  vacuous,  ///< Ran, but the data could not have shown a fault.
};

/// The printed spelling, e.g. "pass".
[[nodiscard]] const char* to_string(Outcome outcome);
/// Inverse of to_string. Throws plumb::Error for another word.
[[nodiscard]] Outcome outcome_from_string(const std::string& word);

/// Every outcome, in the order of the enumeration.
[[nodiscard]] std::span<const Outcome> all_outcomes();
/// Whether the implementation misbehaved: fail, crash, hang or flaky. (vacuous is our own shortcoming.)
[[nodiscard]] bool is_wrong(Outcome outcome);

/// The element nearest to, or furthest beyond, its bound.
struct Worst {
  std::string port;                 ///< Output port, e.g. "y".
  std::vector<std::int64_t> index;  ///< Index into the output, e.g. {2, 64}.
  double got;                       ///< May be NaN or infinite.
  double want;                      ///< The oracle's value; may be NaN or infinite.
  double bound;                     ///< Largest |got - want| that the contract allows; 0 = bit for bit.
  double ratio;                     ///< |got - want| / bound; infinite if the bound is 0 and the bits differ.
};

/// One case judged for one implementation.
struct Record {
  /// An outcome must be given: a record of a verdict that nobody reached cannot exist.
  Record(Outcome outcome, std::string reason) : outcome(outcome), reason(std::move(reason)) {}

  std::string op;         ///< "linear_q4gsw"
  std::string impl;       ///< "cpu.avx2", or "upstream" for a golden's recorded output.
  std::string case_name;  ///< Rebuilds the data bit for bit; for goldens "FILE:CASE".
  Outcome outcome;
  std::string reason;          ///< One sentence; empty only for pass.
  std::optional<Worst> worst;  ///< Absent where nothing was compared (skip, crash, …).
  std::int64_t elements = 0;   ///< Output elements compared.
  std::int64_t wrong = 0;      ///< Elements beyond their bound.
  std::int64_t unwritten = 0;  ///< Elements that still hold the poison.
  std::int64_t unjudged = 0;   ///< Elements whose bound is infinite (an intermediate may overflow).
  double milliseconds = 0;     ///< Time in prepare + run, one execution.
  std::string again;           ///< Shell command that repeats exactly this case.
  /// An input whose change would have moved an output past its bound; empty if nobody looked for one.
  std::string vouches_for = {};
  std::string changed_input = {};     ///< The input of which single elements were changed; empty if nobody did.
  std::int64_t elements_changed = 0;  ///< Elements of it that were changed by one step, one at a time.
  std::int64_t elements_shown = 0;    ///< Those of them that moved an output past its bound.
  std::string diagnosis = {};         ///< A mistake that explains a wrong output; empty if none was found or sought.
  std::string smallest = {};  ///< The smallest case found that still fails; empty if this is it, or none was sought.
  /// Where the wrong elements are, if that was sought: a character for each cell of the output seen as rows x columns,
  /// '0' none of it wrong … '9' all of it. Empty otherwise.
  std::vector<std::string> heat = {};
};

/// Facts about a whole run.
struct RunInfo {
  std::string command;               ///< The command line as given.
  std::string version;               ///< plumb's version.
  std::string started;               ///< ISO 8601, UTC.
  double seconds = 0;                ///< Wall time.
  std::string machine;               ///< CPU model, cores, compiled targets it can run.
  std::vector<std::string> devices;  ///< Vulkan devices seen.
  std::uint64_t seed = 0;
  std::int64_t planned = 0;  ///< Cases planned; fewer records than this means the run was cut short.
  bool interrupted = false;  ///< Ctrl-C: the report is valid but partial.
};

/// A finished (or interrupted) run: everything a report shows.
struct Run {
  RunInfo info;
  std::vector<Record> records;
  std::vector<Table> tables = {};  ///< Shown beside the cases.
};

}  // namespace plumb
