#include <fmt/format.h>

#include <map>
#include <memory>

#include "reference/error.h"
#include "runners/cli/commands.h"
#include "runners/cli/run_flags.h"
#include "runners/library.h"
#include "runners/vouching.h"

namespace plumb::cli {
namespace {

// What stands before the flags: shared objects and case names.
struct Targets {
  std::vector<Subject> subjects;
  std::vector<Case> cases;
};

bool looks_like_case(const std::string& word) {
  return word.find('[') != std::string::npos && !std::filesystem::exists(word);
}

// Two implementations of one name would share a row of the table, and no one could tell which of them is wrong.
void check_no_name_twice(const std::vector<Subject>& subjects) {
  std::map<std::pair<std::string, std::string>, std::string> owners;
  for (const Subject& subject : subjects) {
    const auto [owner, fresh] = owners.emplace(std::pair(subject.impl->op, subject.impl->name), subject.library);
    if (fresh) continue;
    throw Error(fmt::format("{} and {} both hold an implementation '{}' of {}; check them one after the other",
                            owner->second, subject.library, subject.impl->name, subject.impl->op));
  }
}

Targets parse_targets(const std::vector<std::string>& words) {
  Targets targets;
  for (const std::string& word : words) {
    if (looks_like_case(word)) {
      targets.cases.push_back(parse_case(word));
      continue;
    }
    if (!std::filesystem::exists(word)) {
      throw Error(
          fmt::format("'{}': expected a shared object or a case name like "
                      "linear_q4gsw[M=3,K=64,N=8,group=32]/exact#7; there is no such file",
                      word));
    }
    const auto loaded = load_library(word);
    targets.subjects.insert(targets.subjects.end(), loaded.begin(), loaded.end());
  }
  check_no_name_twice(targets.subjects);
  if (targets.subjects.empty()) targets.subjects = builtin_subjects();
  return targets;
}

int check(RunFlags flags, const std::vector<std::string>& words, const std::string& command) {
  const Targets targets = parse_targets(words);
  for (const Subject& subject : targets.subjects) {
    if (!subject.library.empty()) flags.libraries.insert(subject.library);
  }
  auto subjects = select_subjects(targets.subjects, flags.op, flags.impl);
  check_output_folder(flags);
  if (targets.cases.empty()) {
    return run_and_report(campaign_units(plan_with_probes(subjects, flags.seed), subjects), flags, command,
                          shrinking(flags, subjects));
  }
  std::vector<Unit> units = campaign_units(targets.cases, subjects);
  std::erase_if(units, [](const Unit& unit) { return unit.steps.empty(); });
  if (units.empty()) throw Error("none of the chosen implementations can answer the given cases");
  return run_and_report(units, flags, command, [&, shrink = shrinking(flags, subjects)](Run& run) {
    shrink(run);
    run.tables.clear();  // which case shows what, instead of all of them together
    if (Table table = vouching_table(targets.cases); !table.rows.empty()) run.tables.push_back(std::move(table));
  });
}

}  // namespace

void add_check(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("check", "Judge your own implementations, or repeat single cases");
  const auto flags = std::make_shared<RunFlags>();
  const auto words = std::make_shared<std::vector<std::string>>();
  command
      ->add_option("TARGET", *words,
                   "Shared objects with a plumb_get_library() (see plumbline.h), and case names. "
                   "Without case names the whole campaign is run; without a shared object the "
                   "built-in implementations are judged")
      ->required();
  add_selection_flags(*command, *flags);
  add_execution_flags(*command, *flags);
  add_resume_flag(*command, *flags);
  add_seed_flag(*command, *flags);
  command->footer(
      "Examples:\n  plumb check ./libmykernels.so\n  plumb check ./libmykernels.so --op 'linear_*' --out report\n"
      "  plumb check 'linear_q4gsw[M=3,K=256,N=40,group=64,x=f16,bias]/spread#7' --impl cpu.avx2");
  command->callback([flags, words, command, &context] {
    take_over(*command, *flags);
    context.exit_code = check(*flags, *words, context.command);
  });
}

}  // namespace plumb::cli
