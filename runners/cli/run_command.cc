#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <filesystem>
#include <memory>

#include "runners/cli/commands.h"
#include "runners/cli/run_flags.h"

namespace plumb::cli {
namespace {

// A fresh folder for each run: nothing is overwritten.
std::string default_folder() {
  const std::string base = fmt::format("plumb-results/{:%Y%m%d-%H%M%S}", fmt::localtime(std::time(nullptr)));
  std::string folder = base;
  for (int n = 2; std::filesystem::exists(folder); ++n) folder = fmt::format("{}-{}", base, n);
  return folder;
}

int run(RunFlags flags, const std::string& command) {
  if (flags.out.empty()) flags.out = default_folder();
  const auto subjects = select_subjects(builtin_subjects(), flags.op, flags.impl);
  check_output_folder(flags);
  return run_and_report(campaign_units(plan_campaign(subjects, flags.seed), subjects), flags, command,
                        shrinking(flags, subjects));
}

}  // namespace

void add_run(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("run", "Judge the built-in implementations and write a report");
  const auto flags = std::make_shared<RunFlags>();
  add_selection_flags(*command, *flags);
  add_execution_flags(*command, *flags);
  add_seed_flag(*command, *flags);
  command->footer("Examples:\n  plumb run\n  plumb run --op 'linear_*' --impl 'cpu.*' --seed 7 --out report");
  command->callback([flags, &context] { context.exit_code = run(*flags, context.command); });
}

}  // namespace plumb::cli
