#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <thread>

#include "impls/cpu/targets.h"
#include "reference/error.h"
#include "reference/names.h"
#include "reports/bench/formats.h"
#include "runners/bench/bench.h"
#include "runners/bench/peers.h"
#include "runners/bench/repacks.h"
#include "runners/cli/commands.h"
#include "runners/cli/number_range.h"
#include "runners/cli/run_flags.h"

namespace plumb::cli {
namespace {

struct BenchFlags {
  RunFlags shared;
  std::vector<std::string> groups;
  std::vector<std::string> shapes = {"4096x4096"};
  std::vector<std::string> threads;
  std::int64_t group = 128;
  double min_seconds = 0.2;
  std::string peers = "auto", python = "python3";
  bool lists = false;
};

int all_cores() { return static_cast<int>(std::max(1U, std::thread::hardware_concurrency())); }

std::vector<int> parse_threads(const std::vector<std::string>& words) {
  std::vector<int> threads;
  for (const std::string& word : words) {
    int count = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), count);
    if (word == "all") {
      count = all_cores();
    } else if (error != std::errc{} || end != word.data() + word.size() || count < 1 || count > 1024) {
      throw Error(fmt::format("--threads: expected numbers from 1 to 1024 or 'all', got '{}'", word));
    }
    if (std::ranges::find(threads, count) == threads.end()) threads.push_back(count);
  }
  return threads;
}

std::vector<bench::Extents> parse_shapes(const BenchFlags& flags) {
  std::vector<bench::Extents> shapes;
  for (const std::string& text : flags.shapes) shapes.push_back(bench::parse_shape_flag(text, flags.group));
  return shapes;
}

void show(const bench::Record& record) {
  const char* before = isatty(STDERR_FILENO) != 0 ? "\r\x1b[K" : "";
  const char* after = isatty(STDERR_FILENO) != 0 ? "" : "\n";
  if (bench::is_measured(record)) {
    fmt::print(stderr, "{}{} {} x{}: {:.2f} GB/s{}", before, record.case_name, record.impl, record.threads,
               bench::moved_rate(record) / 1e9, after);
  } else {
    fmt::print(stderr, "{}{} {} x{}: {}{}", before, record.case_name, record.impl, record.threads, record.reason,
               after);
  }
  std::fflush(stderr);
}

// What is measured.
struct Plan {
  std::vector<bench::BenchCase> cases;
  std::vector<Subject> subjects;
  std::vector<bench::RepackCase> repacks;
};

Plan make_plan(const BenchFlags& flags) {
  const auto shapes = parse_shapes(flags);
  Plan plan;
  if (flags.shared.impl.empty() || glob_match(flags.shared.impl, bench::kRepackImpl)) {
    plan.repacks = bench::plan_repacks(flags.groups, flags.shared.op, shapes);
  }
  std::vector<std::string> names;
  for (const bench::RepackCase& repack :
       plan.repacks.empty() ? bench::plan_repacks(flags.groups, "*", shapes) : plan.repacks)
    names.push_back(bench::op_name(repack));
  plan.cases = bench::plan_bench(flags.groups, flags.shared.op, shapes, names);
  if (plan.cases.empty()) return plan;
  const std::string impl = flags.shared.impl.empty() ? "cpu." + cpu::best_target().name : flags.shared.impl;
  // A pattern may name the conversions alone.
  if (!plan.repacks.empty() && flags.shared.impl == bench::kRepackImpl) plan.cases.clear();
  if (!plan.cases.empty()) plan.subjects = select_subjects(builtin_subjects(), flags.shared.op, impl);
  return plan;
}

int list(const Plan& plan) {
  for (const bench::BenchCase& each : plan.cases) fmt::print("{}\n", to_string(each.test_case));
  for (const bench::RepackCase& each : plan.repacks) fmt::print("{}\n", bench::case_name(each));
  return 0;
}

int bench_and_report(BenchFlags flags, const std::string& command) {
  const Plan plan = make_plan(flags);
  if (flags.lists) return list(plan);
  bench::BenchOptions options;
  options.threads = parse_threads(flags.threads);
  options.min_seconds = flags.min_seconds;
  options.command = command;
  options.should_stop = was_interrupted;
  options.on_record = show;
  if (flags.peers == "auto") {
    options.peers = [script = bench::default_peer_script(), flags](const bench::Extents& shape,
                                                                   const bench::Record& ours) {
      return bench::ask_peers(flags.python, script, shape, ours, flags.min_seconds);
    };
  }
  check_output_folder(flags.shared);
  bench::Run run = bench::run_bench(plan.cases, plan.subjects, options);
  bench::measure_repacks(plan.repacks, options, run);
  if (isatty(STDERR_FILENO) != 0) fmt::print(stderr, "\r\x1b[K");
  fmt::print("{}\n{} in {:.1f} s\n", bench::text_table(run), bench::headline(run), run.info.seconds);
  if (!flags.shared.out.empty()) {
    bench::write_reports(run, flags.shared.out);
    fmt::print("report: {}\n", (std::filesystem::path(flags.shared.out) / "report.html").string());
  }
  return bench::exit_code(run);
}

void add_flags(CLI::App& command, BenchFlags& flags) {
  command.add_option("GROUP", flags.groups,
                     fmt::format("What to measure: {}; by default all of it", fmt::join(bench::group_names(), ", ")));
  add_selection_flags(command, flags.shared);
  flags.shared.impl.clear();
  command.get_option("--impl")->description(
      "Only implementations matching GLOB; by default the widest CPU target that runs here");
  command.add_option("--shape", flags.shapes, "Weights to measure: NxK, or MxNxK with M rows of activation")
      ->type_name("SHAPE")
      ->delimiter(',')
      ->capture_default_str();
  command.add_option("--group", flags.group, "Columns that share a scale")
      ->type_name("N")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  flags.threads = {"1", "all"};
  command.add_option("--threads", flags.threads, "Numbers of threads; all = every core")
      ->type_name("N")
      ->delimiter(',')
      ->capture_default_str();
  command.add_option("--min-time", flags.min_seconds, "Seconds for which each case is sampled, at least")
      ->type_name("S")
      ->check(number_in(0, 3600))
      ->capture_default_str();
  command
      .add_option("--peers", flags.peers,
                  "Other people's linear layers in the same run (auto: those that python has packages of; or none)")
      ->check(CLI::IsMember({"auto", "none"}))
      ->capture_default_str();
  command.add_option("--python", flags.python, "The python to ask for peers")->capture_default_str();
  command.add_flag("--list", flags.lists, "Print the names of the cases instead of measuring them");
  command.add_option("--out", flags.shared.out, "Folder for report.html, results.csv and results.json")
      ->type_name("DIR");
  command.add_flag("--overwrite", flags.shared.overwrite, "Replace results that are already in DIR");
}

}  // namespace

void add_bench(CLI::App& app, Context& context) {
  CLI::App* command =
      app.add_subcommand("bench", "Measure the speed of implementations beside what this machine can do");
  const auto flags = std::make_shared<BenchFlags>();
  add_flags(*command, *flags);
  command->footer(
      "Each case is sampled in turn with memcpy, plain reading (and multiply-and-add in registers) over the same\n"
      "footprint with the same threads, in this process: what the numbers are compared with was measured beside them.\n"
      "Whether results are right is what `plumb run` says.\n\n"
      "Exit codes: 0 measured; 1 an implementation failed; 2 nothing measured, or cut short; 3 bad request.\n\n"
      "Conversions between layouts, as `plumb repack` does them, are named repack/FROM/TO; by default some that stand "
      "for\n"
      "all others are measured, with --op every pair of layouts of one width that it names.\n\n"
      "Examples:\n  plumb bench pack\n  plumb bench repack --op 'repack/et_vk.q4gsw/*' --list\n  plumb bench pack --op "
      "'pack_*' --threads 1 --min-time 1 --out speed\n"
      "  plumb bench linear --shape 1x4096x4096,32x4096x4096 --python venv/bin/python");
  command->callback([flags, &context] { context.exit_code = bench_and_report(*flags, context.command); });
}

}  // namespace plumb::cli
