// Worker processes: implementations run where their crash, hang or exit() costs one verdict and not the campaign.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "reports/record.h"

namespace plumb {

/// One verdict to be reached.
struct Step {
  std::string op, impl, case_name, again;  ///< Identify the record, also if the worker dies before it can answer.
  /// Runs in the worker; the identifying fields are filled in afterwards. A plumb::Error is the implementation's
  /// failure; any other exception is plumbline's own, and makes the step `vacuous`.
  std::function<Record()> judge;
  /// Judges again, and seeks what a wrong output looks like; may be empty. Not for work_through to call.
  std::function<Record()> judge_and_diagnose = {};
};

/// Steps that share a question. One worker makes it (`begin`), runs the steps in order, and frees it (`finish`); either
/// may be empty. The time that `begin` takes is plumbline's own and counts against no step. If it throws, the unit's
/// steps are `vacuous`: nothing was found out about the implementations.
struct Unit {
  std::vector<Step> steps;
  std::function<void()> begin = {};
  std::function<void()> finish = {};
};

/// How a list of units is to be worked through.
struct SandboxOptions {
  int workers = 1;                              ///< 0: in this process, without protection (for debuggers).
  std::chrono::milliseconds step_limit{30000};  ///< A step that takes longer is a hang.
  /// Memory that each worker may take beyond what it starts with; 0: its share of what is free. Not limited under
  /// sanitizers, which reserve more than there is.
  std::int64_t memory_bytes = 0;
  /// Called in this process for every record, as it is reached.
  std::function<void(const Record&)> on_record = {};
  /// Asked between records; true ends the work early, with what there is.
  std::function<bool()> should_stop = {};
};

/// Works through all units in forked worker processes and returns the records in the order of the steps. A worker that
/// dies or hangs gives the verdict `crash` or `hang` for the step it was in, with what its black box says; another
/// continues with the next step. One whose memory was used up is replaced, too. The caller must have no other thread
/// running.
[[nodiscard]] std::vector<Record> work_through(const std::vector<Unit>& units, const SandboxOptions& options);

}  // namespace plumb
