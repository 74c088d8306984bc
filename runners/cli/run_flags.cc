#include "runners/cli/run_flags.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <thread>

#include "reference/error.h"
#include "reference/names.h"
#include "reports/formats.h"
#include "reports/sentence.h"
#include "reports/summary.h"
#include "reports/text_table.h"
#include "runners/cli/number_range.h"
#include "runners/explain.h"
#include "runners/fingerprint.h"
#include "runners/journal.h"
#include "runners/shrink.h"

namespace plumb::cli {
namespace {

constexpr std::size_t kShownFailures = 10;

bool needs_telling(const Record& record) {
  return record.outcome != Outcome::pass && record.outcome != Outcome::skip && record.outcome != Outcome::xfail;
}

void print_failures(const Run& run) {
  std::size_t shown = 0, all = 0;
  for (const Record& record : run.records) {
    if (!needs_telling(record)) continue;
    if (++all > kShownFailures) continue;
    ++shown;
    fmt::print("\n{}", case_text(record));
  }
  if (all > shown) fmt::print("\n… and {} more; the report lists them all.\n", all - shown);
}

}  // namespace

void add_selection_flags(CLI::App& command, RunFlags& flags) {
  command.add_option("--op", flags.op, "Only operators matching GLOB; several separated by commas")->type_name("GLOB");
  command.add_option("--impl", flags.impl, "Only implementations matching GLOB, e.g. 'cpu.*'")->type_name("GLOB");
}

void add_jobs_flag(CLI::App& command, RunFlags& flags) {
  flags.jobs = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  command.add_option("--jobs", flags.jobs, "Worker processes")
      ->type_name("N")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
}

void add_output_flags(CLI::App& command, RunFlags& flags) {
  command.add_option("--out", flags.out, "Folder for report.html, results.csv and results.json")->type_name("DIR");
  command.add_flag("--overwrite", flags.overwrite, "Replace results that are already in DIR");
}

void add_execution_flags(CLI::App& command, RunFlags& flags) {
  add_jobs_flag(command, flags);
  command.add_option("--timeout", flags.timeout_s, "Seconds after which a case is a hang")
      ->type_name("S")
      ->check(number_above_0(1e6))
      ->capture_default_str();
  command
      .add_option("--memory", flags.memory_mib,
                  "Memory that each worker may take; by default its share of what is free")
      ->type_name("MIB")
      ->check(CLI::PositiveNumber);
  command.add_flag("--in-process", flags.in_process, "No worker processes: a crash ends plumb, under your debugger");
  add_output_flags(command, flags);
}

void add_resume_flag(CLI::App& command, RunFlags& flags) {
  command
      .add_option("--resume", flags.resume,
                  "Go on with the run in DIR that was killed or interrupted: what selects cases and implementations is "
                  "taken over, and must be the same if given")
      ->type_name("DIR");
}

void add_seed_flag(CLI::App& command, RunFlags& flags) {
  // CLI11 would read -1 as 2^64 - 1.
  const auto digits = [](const std::string& text) {
    const bool good = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
    return good ? "" : fmt::format("expected an integer from 0 to 2^64 - 1, got '{}'", text);
  };
  command.add_option("--seed", flags.seed, "Seed of shapes and data; the same seed gives the same cases")
      ->type_name("N")
      ->check(digits)
      ->capture_default_str();
}

void take_over(const CLI::App& command, RunFlags& flags) {
  if (flags.resume.empty()) return;
  if (!flags.out.empty()) throw Error("--resume: goes on in its own folder; leave out --out");
  flags.out = flags.resume;
  const Intent intent = Journal::read_intent(flags.resume);
  const auto given = [&](const char* name) {
    const CLI::Option* option = command.get_option_no_throw(name);
    return option != nullptr && option->count() > 0;
  };
  if (!given("--op")) flags.op = intent.op;
  if (!given("--impl")) flags.impl = intent.impl;
  if (!given("--model")) flags.models = intent.models;
  if (!given("--seed")) flags.seed = intent.info.seed;
}

void check_output_folder(const RunFlags& flags) {
  if (flags.out.empty()) return;
  // Better now than after the campaign.
  std::error_code failure;
  std::filesystem::create_directories(flags.out, failure);
  if (failure) throw Error(fmt::format("--out: cannot make the folder {}: {}", flags.out, failure.message()));
  if (access(flags.out.c_str(), W_OK | X_OK) != 0) {
    throw Error(fmt::format("--out: cannot write in {}: {}", flags.out, std::strerror(errno)));
  }
  if (flags.overwrite || !flags.resume.empty()) return;
  if (std::filesystem::exists(Journal::path_in(flags.out))) {
    throw Error(fmt::format("--out: {} holds an unfinished run; go on with --resume {}, or give --overwrite", flags.out,
                            shell_quoted(flags.out)));
  }
  for (const Format& format : all_formats()) {
    const std::filesystem::path file = std::filesystem::path(flags.out) / format.file_name;
    if (std::filesystem::exists(file)) {
      throw Error(fmt::format("--out: {} exists already; choose another folder or give --overwrite", file.string()));
    }
  }
}

std::function<void(Run&)> shrinking(const RunFlags& flags, const std::vector<Subject>& subjects) {
  return [workers = flags.in_process ? 0 : flags.jobs, subjects](Run& run) {
    SandboxOptions options;
    options.workers = workers;
    options.should_stop = was_interrupted;
    shrink_failures(subjects, options, run.records);
  };
}

namespace {

// A table of more rows is for the report.
void print_table(const Table& table) {
  constexpr std::size_t kMostRows = 24;
  if (table.rows.size() <= kMostRows) {
    fmt::print("\n{}", text_table(table));
  } else {
    fmt::print("\n{}: {} rows in the report\n", table.title, table.rows.size());
  }
}

}  // namespace

int run_and_report(const std::vector<Unit>& units, const RunFlags& flags, const std::string& command,
                   const std::function<void(Run&)>& complete) {
  RunInfo info = describe_run(units, command, flags.seed);
  const std::string plan = plan_fingerprint(units);
  std::optional<Journal> journal;
  if (!flags.resume.empty()) {
    journal.emplace(flags.out, plan, code_fingerprint(flags.libraries));
    info = journal->intent().info;
  } else if (!flags.out.empty()) {
    journal.emplace(flags.out,
                    Intent{flags.op, flags.impl, info, flags.models, plan, code_fingerprint(flags.libraries)});
  }
  Run run = run_units(units, std::move(info),
                      {.jobs = flags.in_process ? 0 : flags.jobs,
                       .step_limit_ms = static_cast<int>(flags.timeout_s * 1000),
                       .memory_bytes = flags.memory_mib << 20,
                       .journal = journal ? &*journal : nullptr});
  if (complete && !was_interrupted()) complete(run);
  const Summary summary = summarize(run);
  fmt::print("{}", text_table(summary));
  print_failures(run);
  for (const Table& table : run.tables) print_table(table);
  fmt::print("\n{} in {:.1f} s\n", headline(summary), run.info.seconds);
  if (!flags.out.empty()) {
    write_reports(run, layout_pictures(), flags.out);
    fmt::print("report: {}\n", (std::filesystem::path(flags.out) / all_formats().front().file_name).string());
    if (!run.info.interrupted) journal->remove();
  }
  return exit_code(summary);
}

}  // namespace plumb::cli
