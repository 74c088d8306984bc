// Flags and endings that `run`, `check` and `golden` have in common.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <set>
#include <string>

#include "reports/record.h"
#include "runners/campaign.h"

namespace plumb::cli {

/// Values of the shared flags.
struct RunFlags {
  std::string op = "*", impl = "*", models, out, resume;
  std::uint64_t seed = 0;
  int jobs = 0;
  double timeout_s = 30;
  std::int64_t memory_mib = 0;
  bool overwrite = false, in_process = false;
  std::set<std::string> libraries = {};  ///< No flag: paths of the shared objects under test.
};

void add_selection_flags(CLI::App& command, RunFlags& flags);
void add_execution_flags(CLI::App& command, RunFlags& flags);
/// Parts of these: --jobs, and --out with --overwrite.
void add_jobs_flag(CLI::App& command, RunFlags& flags);
void add_output_flags(CLI::App& command, RunFlags& flags);
void add_seed_flag(CLI::App& command, RunFlags& flags);
/// For commands that call take_over().
void add_resume_flag(CLI::App& command, RunFlags& flags);

/// With --resume: takes over what an unfinished run was given and `command` was not. Throws Error if there is none.
void take_over(const CLI::App& command, RunFlags& flags);
/// Makes the output folder. Throws Error if that cannot be done, or if it already holds results or an unfinished run
/// and neither --overwrite nor --resume was given.
void check_output_folder(const RunFlags& flags);
/// Works through the units, or with --resume through those that are left, prints the summary table and the first
/// failures, and writes the reports if there is a folder for them. Records are kept there from when they are reached
/// until the reports are written. `complete` is given the run before it is told of. Returns the exit code.
[[nodiscard]] int run_and_report(const std::vector<Unit>& units, const RunFlags& flags, const std::string& command,
                                 const std::function<void(Run&)>& complete = {});
/// A `complete` that shrinks the first failure of each of the subjects.
[[nodiscard]] std::function<void(Run&)> shrinking(const RunFlags& flags, const std::vector<Subject>& subjects);

}  // namespace plumb::cli
