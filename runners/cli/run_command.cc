#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ctime>
#include <filesystem>
#include <memory>

#include "runners/cli/commands.h"
#include "runners/cli/run_flags.h"
#include "runners/model_shapes.h"

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
  return run_and_report(campaign_units(plan_with_probes(subjects, flags.seed, flags.models), subjects), flags, command,
                        shrinking(flags, subjects));
}

}  // namespace

void add_run(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("run", "Judge the built-in implementations and write a report");
  const auto flags = std::make_shared<RunFlags>();
  add_selection_flags(*command, *flags);
  add_execution_flags(*command, *flags);
  add_resume_flag(*command, *flags);
  add_seed_flag(*command, *flags);
  std::vector<std::string_view> names;
  for (const Model& model : all_models()) names.push_back(model.name);
  command
      ->add_option("--model", flags->models,
                   fmt::format("Linear layers and embeddings with the shapes of models matching GLOB, instead of the "
                               "planned shapes: {}; vocabularies take some GB a worker",
                               fmt::join(names, ", ")))
      ->type_name("GLOB");
  command->footer(
      "Examples:\n  plumb run\n  plumb run --op 'linear_*' --impl 'cpu.*' --seed 7 --out report\n  plumb run --resume "
      "report\n  plumb run --model qwen3-0.6b --op linear_q4gsw --timeout 300");
  command->callback([flags, command, &context] {
    take_over(*command, *flags);
    context.exit_code = run(*flags, context.command);
  });
}

}  // namespace plumb::cli
