#include "runners/campaign.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <ctime>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "impls/impls.h"
#include "reference/error.h"
#include "reference/names.h"
#include "reference/ops.h"
#include "runners/diagnose.h"
#include "runners/diagnosis/alternatives.h"
#include "runners/execute.h"
#include "runners/machine.h"
#include "runners/model_shapes.h"
#include "runners/philox.h"
#include "runners/plan.h"
#include "runners/probe.h"
#include "runners/progress.h"
#include "runners/remainder.h"
#include "runners/sensitivity.h"
#include "runners/version.h"
#include "runners/vouching.h"

namespace plumb {
namespace {

// Failures of an implementation of an operator that are diagnosed: the first ones, and those of fewest elements.
constexpr std::size_t kFirstDiagnosed = 2, kSmallDiagnosed = 3;

volatile std::sig_atomic_t interrupted = 0;

volatile std::sig_atomic_t interrupted_at = 0;

// The same signal may arrive twice, from the terminal and from a program that passes it on: only one that comes later
// means "at once".
void on_interrupt(int signal) {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const auto seconds = static_cast<std::sig_atomic_t>(now.tv_sec);
  if (interrupted != 0 && seconds - interrupted_at > 1) {
    std::signal(signal, SIG_DFL);
    raise(signal);
  }
  if (interrupted == 0) interrupted_at = seconds;
  interrupted = 1;
}

bool needs_mode(const DataMode& mode, const std::vector<const plumb_impl*>& impls) {
  if (!mode.exact() || mode.name == "exact") return true;
  for (const plumb_impl* impl : impls) {
    if (exact_bits_of(contract_of(*impl)) == mode.exact_bits) return true;
  }
  return false;
}

bool can_answer(const Case& test_case, const plumb_impl& impl) {
  return impl.op == test_case.op->name &&
         can_be_judged(*test_case.mode, *test_case.op, contract_for(*test_case.op, impl));
}

// Which input is asked first whether it matters: another one for other shapes and modes.
std::uint64_t turn_of(const Case& test_case) {
  return Random(test_case.seed, "turn " + std::string(test_case.mode->name)).bits(0);
}

Record judge(const Subject& subject, const Question& question, const Case& test_case) {
  return test_case.probe == nullptr ? judge_subject(subject, question)
                                    : test_case.probe->judge(subject, question, test_case);
}

std::string join_unique(const std::vector<Subject>& subjects, bool ops, const std::string& wanted) {
  std::set<std::string> names;
  for (const Subject& subject : subjects) names.insert(ops ? subject.impl->op : subject.impl->name);
  return nearest_names(wanted, {names.begin(), names.end()});
}

}  // namespace

void catch_interrupts() {
  struct sigaction action = {};
  action.sa_handler = on_interrupt;
  action.sa_flags = SA_RESTART;
  for (const int signal : {SIGINT, SIGTERM}) sigaction(signal, &action, nullptr);
}

void end_at_interrupts() {
  for (const int signal : {SIGINT, SIGTERM}) std::signal(signal, SIG_DFL);
  if (was_interrupted()) raise(SIGINT);
}

bool was_interrupted() { return interrupted != 0; }

std::vector<Subject> builtin_subjects() {
  std::vector<Subject> subjects;
  for (const auto& builtin : builtin_impls()) subjects.push_back({builtin->abi(), ""});
  return subjects;
}

std::vector<Subject> select_subjects(const std::vector<Subject>& all, const std::string& op_pattern,
                                     const std::string& impl_pattern) {
  std::vector<Subject> of_op, selected;
  for (const Subject& subject : all) {
    if (glob_match(op_pattern, subject.impl->op)) of_op.push_back(subject);
  }
  if (of_op.empty()) {
    throw Error(
        fmt::format("--op '{}' matches no operator; nearest: {}", op_pattern, join_unique(all, true, op_pattern)));
  }
  for (const Subject& subject : of_op) {
    if (glob_match(impl_pattern, subject.impl->name)) selected.push_back(subject);
  }
  if (selected.empty()) {
    throw Error(fmt::format("--impl '{}' matches no implementation of {}; nearest: {}", impl_pattern, op_pattern,
                            join_unique(of_op, false, impl_pattern)));
  }
  return selected;
}

std::vector<Case> plan_campaign(const std::vector<Subject>& subjects, std::uint64_t seed, std::string_view models) {
  std::vector<Case> plan;
  for (const Op& op : all_ops()) {
    std::vector<const plumb_impl*> impls;
    for (const Subject& subject : subjects) {
      if (op.name == subject.impl->op) impls.push_back(subject.impl);
    }
    if (impls.empty()) continue;
    for (const Case& test_case : models.empty() ? plan_cases(op, seed) : plan_model_cases(op, models, seed)) {
      if (needs_mode(*test_case.mode, impls)) plan.push_back(test_case);
    }
  }
  return plan;
}

std::vector<Case> plan_with_probes(const std::vector<Subject>& subjects, std::uint64_t seed, std::string_view models) {
  std::vector<Case> plan = plan_campaign(subjects, seed, models);
  if (!models.empty()) return plan;  // probes are about calls, whatever the shape: those of small ones are enough
  const std::vector<Case> probes = plan_probes(plan);
  plan.insert(plan.end(), probes.begin(), probes.end());
  return plan;
}

std::vector<Unit> campaign_units(const std::vector<Case>& cases, const std::vector<Subject>& subjects) {
  std::vector<Unit> units;
  for (const Case& test_case : cases) {
    const auto question = std::make_shared<std::optional<Question>>();
    const auto make = [question, test_case] {
      *question = ask(test_case);
      if (test_case.probe == nullptr) (*question)->vouch = vouch_for(**question, *test_case.mode, turn_of(test_case));
    };
    Unit unit{{}, make, [question] { question->reset(); }};
    const std::string name = to_string(test_case);
    for (const Subject& subject : subjects) {
      if (!can_answer(test_case, *subject.impl)) continue;
      const auto seek = [question, subject] { return judge_subject(subject, **question, Diagnosis::sought); };
      unit.steps.push_back({test_case.op->name, subject.impl->name, name, repeat_command(subject, name),
                            [question, subject, test_case] { return judge(subject, **question, test_case); },
                            test_case.probe == nullptr ? seek : std::function<Record()>()});
    }
    units.push_back(std::move(unit));
  }
  return units;
}

namespace {

// Places of the failures that are diagnosed, in order.
std::set<std::size_t> chosen_failures(const std::vector<Record>& records) {
  std::map<std::pair<std::string, std::string>, std::vector<std::size_t>> failures;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const Record& record = records[i];
    const bool failed = record.outcome == Outcome::fail && record.wrong >= kLeastEvidence;
    if (failed) failures[{record.op, record.impl}].push_back(i);
  }
  std::set<std::size_t> chosen;
  for (auto& [cell, places] : failures) {
    const std::size_t first = std::min(kFirstDiagnosed, places.size());
    chosen.insert(places.begin(), places.begin() + static_cast<std::ptrdiff_t>(first));
    std::ranges::stable_sort(places, {}, [&](std::size_t i) { return records[i].elements; });
    const std::size_t small = std::min(kSmallDiagnosed, places.size());
    chosen.insert(places.begin(), places.begin() + static_cast<std::ptrdiff_t>(small));
  }
  return chosen;
}

}  // namespace

void diagnose_failures(const std::vector<Unit>& units, const SandboxOptions& options, std::vector<Record>& records) {
  const std::set<std::size_t> wanted = chosen_failures(records);
  std::vector<Unit> again;
  std::vector<std::size_t> places;
  std::size_t place = 0;
  for (const Unit& unit : units) {
    Unit chosen{{}, unit.begin, unit.finish};
    for (Step step : unit.steps) {
      if (wanted.contains(place) && step.judge_and_diagnose) {
        step.judge = std::move(step.judge_and_diagnose);
        chosen.steps.push_back(std::move(step));
        places.push_back(place);
      }
      ++place;
    }
    if (!chosen.steps.empty()) again.push_back(std::move(chosen));
  }
  if (again.empty()) return;
  const std::vector<Record> diagnosed = work_through(again, options);
  if (diagnosed.size() != places.size()) return;  // cut short: nobody knows which are missing
  std::map<std::pair<std::string, std::string>, std::vector<std::string*>> cells;
  for (std::size_t i = 0; i < diagnosed.size(); ++i) {
    if (diagnosed[i].outcome == Outcome::fail) {
      records[places[i]].diagnosis = diagnosed[i].diagnosis;
      records[places[i]].heat = diagnosed[i].heat;
      cells[{diagnosed[i].op, diagnosed[i].impl}].push_back(&records[places[i]].diagnosis);
    }
  }
  for (const auto& [cell, diagnoses] : cells) keep_common(diagnoses);
}

RunInfo describe_run(const std::vector<Unit>& units, const std::string& command, std::uint64_t seed) {
  RunInfo info;
  info.command = command;
  info.version = kVersion;
  info.started = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
  info.machine = describe_machine();
  info.devices = vulkan_devices();
  info.seed = seed;
  for (const Unit& unit : units) info.planned += static_cast<std::int64_t>(unit.steps.size());
  return info;
}

Run run_units(const std::vector<Unit>& units, RunInfo info, const RunOptions& options) {
  Progress progress(info.planned);
  Remainder rest(units, options.journal == nullptr ? std::vector<Record>() : options.journal->found());
  for (const auto& record : rest.records()) {
    if (record) progress.add(*record);
  }
  const auto on_record = [&](const Record& record) {
    if (options.journal != nullptr) options.journal->append(record);
    progress.add(record);
  };
  const SandboxOptions sandbox{.workers = options.jobs,
                               .step_limit = std::chrono::milliseconds(options.step_limit_ms),
                               .memory_bytes = options.memory_bytes,
                               .on_record = on_record,
                               .should_stop = was_interrupted};
  Run run{std::move(info), rest.completed(work_through(rest.units(), sandbox))};
  if (!was_interrupted()) {
    SandboxOptions quiet = sandbox;
    quiet.on_record = {};
    diagnose_failures(units, quiet, run.records);
    if (Table table = vouching_table(run.records); !table.rows.empty()) run.tables.push_back(std::move(table));
    for (Record& record : vacuous_inputs(run.records)) run.records.push_back(std::move(record));
  }
  run.info.seconds = progress.finish();
  run.info.interrupted = interrupted != 0;
  return run;
}

}  // namespace plumb
