// plumb faults. It is here, and not with the other subcommands, because it tells of what is here: arrows only go down.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>

#include "property_tests/faults/report.h"
#include "reports/formats.h"
#include "reports/sentence.h"
#include "reports/summary.h"
#include "runners/cli/commands.h"
#include "runners/cli/run_flags.h"
#include "runners/explain.h"

namespace plumb::cli {
namespace {

int run_faults(const RunFlags& flags, const std::string& ids, const std::string& command) {
  check_output_folder(flags);
  const std::vector<faults::Entry> entries = faults::catalogue(ids);
  const auto start = std::chrono::steady_clock::now();
  const faults::Scores scores = faults::score(entries, flags.jobs);
  Run run = faults::run_of(scores, command);
  run.info.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  run.info.interrupted = was_interrupted();
  fmt::print("{}", faults::text_of(run));
  for (const Record& record : run.records) {
    if (is_wrong(record.outcome)) fmt::print("\n{}", case_text(record));
  }
  fmt::print("\n{} in {:.1f} s\n", faults::headline_of(scores), run.info.seconds);
  if (!flags.out.empty()) {
    write_reports(run, layout_pictures(), flags.out);
    fmt::print("report: {}\n", (std::filesystem::path(flags.out) / all_formats().front().file_name).string());
  }
  return exit_code(run);
}

}  // namespace

void add_faults(CLI::App& app, Context& context) {
  CLI::App* command =
      app.add_subcommand("faults", "Judge deliberately wrong kernels: does plumbline see what it should?");
  const auto flags = std::make_shared<RunFlags>();
  const auto ids = std::make_shared<std::string>("*");
  command->add_option("--id", *ids, "Only faults whose id matches GLOB, e.g. 'S*' or 'linear_q4gsw/*'")
      ->type_name("GLOB");
  add_jobs_flag(*command, *flags);
  add_output_flags(*command, *flags);
  command->footer(
      "Bugs that other projects reported are rebuilt as implementations, and judged by the campaign of `plumb run`.\n"
      "Each must be caught (it then counts as xfail), and should be named. Beside that: which of them the criteria of\n"
      "other projects see, on their own usual problem and on the cases by which plumbline found them.\n\n"
      "Examples:\n  plumb faults\n  plumb faults --id 'S*' --out report");
  command->callback([flags, ids, &context] { context.exit_code = run_faults(*flags, *ids, context.command); });
}

}  // namespace plumb::cli
