// A campaign: cases x implementations, worked through in the sandbox, ending in a Run.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "reports/record.h"
#include "runners/case.h"
#include "runners/check.h"
#include "runners/journal.h"
#include "runners/sandbox.h"

namespace plumb {

/// Built-in implementations whose operator and name match the patterns (see glob_match).
/// Throws Error naming the nearest operators or implementations if none does.
[[nodiscard]] std::vector<Subject> select_subjects(const std::vector<Subject>& all, const std::string& op_pattern,
                                                   const std::string& impl_pattern);
[[nodiscard]] std::vector<Subject> builtin_subjects();

/// Cases for every operator that one of the subjects implements. Modes for narrow accumulators are planned only where a
/// subject's contract has one. The shapes are the planned ones, or, if `models` is not empty, those of the models that
/// match it (model_shapes.h).
[[nodiscard]] std::vector<Case> plan_campaign(const std::vector<Subject>& subjects, std::uint64_t seed,
                                              std::string_view models = {});

/// The same, and cases with probes (see probe.h): what `plumb run` and `plumb check` do.
[[nodiscard]] std::vector<Case> plan_with_probes(const std::vector<Subject>& subjects, std::uint64_t seed,
                                                 std::string_view models = {});

/// One unit for each case, with one step for each subject that implements its operator.
[[nodiscard]] std::vector<Unit> campaign_units(const std::vector<Case>& cases, const std::vector<Subject>& subjects);

/// Judges the first failures of each implementation of an operator once more, to fill in what they look like. A step
/// that takes too long, or fails otherwise than before, is left undiagnosed.
void diagnose_failures(const std::vector<Unit>& units, const SandboxOptions& options, std::vector<Record>& records);

/// How a run is carried out and watched.
struct RunOptions {
  int jobs;                       ///< Worker processes; 0: in this process.
  int step_limit_ms = 30000;      ///< Longer is a hang.
  std::int64_t memory_bytes = 0;  ///< That each worker may take; 0: its share of what is free.
  /// Where records go as they are reached, and what an earlier, unfinished run of the same units has reached already:
  /// that is not judged again. Null: nowhere.
  Journal* journal = nullptr;
};

/// Facts about a run that is about to start.
[[nodiscard]] RunInfo describe_run(const std::vector<Unit>& units, const std::string& command, std::uint64_t seed);

/// From here on the first Ctrl-C, or SIGTERM, only cuts runs short, so that a valid partial report is written whenever
/// it comes; a second one, some seconds later, kills the program.
void catch_interrupts();
/// For commands that have nothing to record before they end: the first one ends the program at once, also one that has
/// come already.
void end_at_interrupts();
/// Whether one has come since.
[[nodiscard]] bool was_interrupted();

/// Works through the units with progress on stderr; the records are in the order of the steps. After Ctrl-C (see
/// catch_interrupts) it ends early; the result then says `interrupted`.
[[nodiscard]] Run run_units(const std::vector<Unit>& units, RunInfo info, const RunOptions& options);

}  // namespace plumb
