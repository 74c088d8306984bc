#include <memory>

#include "runners/cli/commands.h"
#include "runners/cli/run_flags.h"
#include "runners/defects.h"
#include "runners/replay.h"

namespace plumb::cli {
namespace {

int replay(const RunFlags& flags, ReplayOptions options, const std::string& command) {
  check_output_folder(flags);
  if (options.paths.empty()) options.paths.push_back(default_golden_path());
  options.op_pattern = flags.op;
  // "upstream" judges the recorded outputs alone.
  std::vector<Subject> subjects;
  if (flags.impl != "upstream") subjects = select_subjects(builtin_subjects(), flags.op, flags.impl);
  ReplayFacts facts;
  const std::vector<Unit> units = replay_units(options, subjects, &facts);
  return run_and_report(units, flags, command, [&facts](Run& run) {
    explain_defects(facts, run.records);
    if (Table defects = defects_table(run.records); !defects.rows.empty()) run.tables.push_back(std::move(defects));
  });
}

}  // namespace

void add_golden(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("golden", "Replay what real upstream systems computed, and judge it");
  const auto flags = std::make_shared<RunFlags>();
  const auto options = std::make_shared<ReplayOptions>();
  command->add_option("PATH", options->paths,
                      "Golden files or folders (format: golden/FORMAT.md); by default plumbline's own");
  command->add_option("--case", options->case_pattern, "Only recorded cases matching GLOB")->type_name("GLOB");
  add_selection_flags(*command, *flags);
  add_execution_flags(*command, *flags);
  add_resume_flag(*command, *flags);
  command->footer(
      "Every recorded case is judged twice over: its inputs go through our implementations, and its recorded\n"
      "output goes before the judge as implementation 'upstream'. Recorded defects of upstream must fail there\n"
      "(xfail). What is recorded of graphs and models is counted as skipped, with the command that judges it.\n\n"
      "Examples:\n  plumb golden\n  plumb golden golden/executorch --op 'embedding_*'\n"
      "  plumb golden golden/executorch/linear_q4gsw.h5 --case 'q4gsw_codes_*' --impl cpu.avx2");
  command->callback([flags, options, command, &context] {
    take_over(*command, *flags);
    context.exit_code = replay(*flags, *options, context.command);
  });
}

}  // namespace plumb::cli
