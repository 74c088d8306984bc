// plumb rewrite: graph rewrites listed, explained, applied with a proof, and others' rewrites judged.
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <memory>
#include <sstream>

#include "reference/error.h"
#include "reports/aligned_text.h"
#include "reports/formats.h"
#include "runners/campaign.h"
#include "runners/cli/commands.h"
#include "runners/machine.h"
#include "runners/rewrite/impl_packer.h"
#include "runners/rewrite/judge_graphs.h"
#include "runners/rewrite/large_graph.h"
#include "runners/rewrite/load.h"
#include "runners/version.h"

namespace plumb::cli {
namespace {

struct Flags {
  std::string names, graph, after, output, reports, impl = "reference";
  bool overwrite = false, link = false, no_proof = false;
};

// "a,b" as two words.
std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> result;
  std::istringstream in(text);
  for (std::string word; std::getline(in, word, ',');) result.push_back(word);
  return result;
}

int list() {
  std::vector<std::vector<std::string>> rows;
  for (const graph::Rewrite& rewrite : graph::all_rewrites())
    rows.push_back({std::string(rewrite.name), std::string(rewrite.summary)});
  fmt::print("{}", aligned_text(rows, 1));
  fmt::print("\n'plumb rewrite list NAME' shows the conditions in the order in which they are checked.\n");
  return 0;
}

int describe(const std::string& name) {
  const graph::Rewrite& rewrite = graph::rewrite_named(name);
  fmt::print("{}: {}\n", rewrite.name, rewrite.summary);
  for (const std::string_view anchor : rewrite.anchors)
    fmt::print("  looks at {}\n", anchor == "*" ? "every call" : anchor);
  int number = 0;
  for (const std::string_view condition : rewrite.conditions) fmt::print("  {}. {}\n", ++number, condition);
  fmt::print("  results stay the same {}\n",
             rewrite.equivalence == graph::Equivalence::bit_for_bit ? "bit for bit" : "but for the order of sums");
  return 0;
}

int explain(const Flags& flags) {
  const graph::Graph graph = load_graph(flags.graph);
  for (const graph::Rewrite* rewrite : rewrites_named(words(flags.names))) {
    const std::vector<graph::SiteReport> sites = graph::explain(graph, *rewrite);
    if (sites.empty()) fmt::print("{}: no candidate in {}\n", rewrite->name, flags.graph);
    for (const graph::SiteReport& site : sites) {
      if (site.matches) {
        fmt::print("{}: '{}' matches\n", rewrite->name, site.node);
      } else {
        fmt::print("{}: '{}' does not match: not \"{}\": {}\n", rewrite->name, site.node, site.condition, site.found);
      }
    }
  }
  return 0;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void print(const GraphVerdict& verdict) {
  std::vector<std::vector<std::string>> rows;
  for (const graph::ConstantLine& line : verdict.proof.account.lines) {
    rows.push_back({line.name, to_string(line.type), fmt::format("{} bytes", line.size_bytes),
                    line.origin.empty() ? "of no origin" : line.origin});
  }
  fmt::print("{}", rows.empty() ? "" : aligned_text(rows, 2));
  for (const std::string& note : verdict.notes) fmt::print("note: {}\n", note);
  for (const std::string& fault : verdict.faults) fmt::print("FAULT: {}\n", fault);
  for (const std::string& cause : verdict.causes) fmt::print("looks like: {}\n", cause);
  fmt::print("{}\n", verdict.summary());
}

int finish(const GraphVerdict& verdict, const Flags& flags, const Context& context, const std::string& op,
           double seconds) {
  print(verdict);
  if (!flags.reports.empty()) {
    Run run;
    run.info.command = context.command;
    run.info.version = kVersion;
    run.info.started = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
    run.info.machine = describe_machine();
    run.info.seconds = seconds;
    run.records = {record_of(verdict, op, flags.graph, context.command)};
    run.info.planned = 1;
    write_reports(run, {}, flags.reports);
  }
  return verdict.exit_code();
}

// What is being done, on stderr, and away again. Without a terminal only what begins after two seconds.
class Steps {
 public:
  void operator()(const std::string& step) {
    if (terminal_) fmt::print(stderr, "\r{} …\x1b[K", step);
    if (!terminal_ && seconds_since(start_) >= 2) fmt::print(stderr, "{} …\n", step);
    std::fflush(stderr);
  }
  void clear() const {
    if (terminal_) fmt::print(stderr, "\r\x1b[K");
  }

 private:
  bool terminal_ = isatty(STDERR_FILENO) != 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// What loading and rewriting took, and the most memory of this process so far that no file backs.
void print_effort(std::size_t sites, double load_s, double rewrite_s) {
  std::ifstream status("/proc/self/status");
  std::string line, memory = "unknown";
  while (std::getline(status, line)) {
    if (line.starts_with("RssAnon:")) memory = line.substr(line.find_first_not_of("\t ", 8));
  }
  fmt::print("{} sites; loaded in {:.2f} s, rewritten in {:.2f} s; memory beside mapped files: {}\n", sites, load_s,
             rewrite_s, memory);
}

// What is wrong with OUT is said before anything is computed.
void check_output(const Flags& flags) {
  if (flags.output.empty()) return;
  for (const std::filesystem::path& file : saved_files(flags.output)) {
    if (std::filesystem::is_directory(file)) throw Error(fmt::format("{}: is a folder", file.string()));
    if (!file.parent_path().empty() && !std::filesystem::is_directory(file.parent_path()))
      throw Error(fmt::format("{}: there is no folder {}", file.string(), file.parent_path().string()));
    if (flags.overwrite || !std::filesystem::exists(file)) continue;
    throw Error(fmt::format("{} exists already; choose another name or give --overwrite", file.string()));
  }
}

void print_sites(const graph::Rewritten& after) {
  constexpr std::size_t kMost = 100;  // sites that are listed
  for (std::size_t i = 0; i < std::min(after.applied.size(), kMost); ++i)
    fmt::print("{} at '{}'\n", after.applied[i].rewrite, after.applied[i].node);
  if (after.applied.size() > kMost) fmt::print("… and {} more\n", after.applied.size() - kMost);
  for (const auto& [parameter, tag] : after.mutations) {
    if (after.mutations.size() <= kMost) fmt::print("parameter '{}' is now '{}'\n", parameter, tag);
  }
}

// Nothing is written that the proof found wrong.
int apply(const Flags& flags, const Context& context) {
  check_output(flags);
  Steps steps;
  steps("reading and rewriting");
  const auto start = std::chrono::steady_clock::now();
  const graph::Graph before = load_graph(flags.graph);
  const double load_s = seconds_since(start);
  const std::vector<const graph::Rewrite*> rewrites = rewrites_named(words(flags.names));
  const auto rewriting = std::chrono::steady_clock::now();
  const graph::Rewritten after = apply_rewrites(before, rewrites, *packer_named(flags.impl));
  const double rewrite_s = seconds_since(rewriting);
  steps.clear();
  print_sites(after);
  print_effort(after.applied.size(), load_s, rewrite_s);
  int code = 2;
  if (flags.no_proof) {
    fmt::print("not proved, as asked\n");
  } else {
    const GraphVerdict verdict = judge_rewrite(before, after, rewrites, [&](const std::string& step) { steps(step); });
    steps.clear();
    code = finish(verdict, flags, context, "rewrite " + flags.names, seconds_since(start));
  }
  if (flags.output.empty()) return code;
  if (code == 1) {
    fmt::print("{} is not written\n", flags.output);
  } else {
    save_graph(after.graph, flags.output, flags.link);
  }
  return code;
}

int verify(const Flags& flags, const Context& context) {
  const graph::Graph before = load_graph(flags.graph), after = load_graph(flags.after);
  Steps steps;
  const GraphVerdict verdict = judge_graphs(before, after, [&](const std::string& step) { steps(step); });
  steps.clear();
  return finish(verdict, flags, context, "rewrite verify", 0);
}

void add_list(CLI::App& app, Context& context) {
  const auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand("list", "What rewrites there are, or the conditions of one");
  command->add_option("NAME", flags->after, "A rewrite");
  command->callback([flags, &context] { context.exit_code = flags->after.empty() ? list() : describe(flags->after); });
}

void add_explain(CLI::App& app, Context& context) {
  const auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand("explain", "Say for each candidate why it matches or not");
  command->add_option("NAME", flags->names, "Rewrites, separated by commas; 'all'")->required();
  command->add_option("GRAPH", flags->graph, "A graph: .pt2, .xml, .json")->required();
  command->callback([flags, &context] { context.exit_code = explain(*flags); });
}

void add_reports(CLI::App& command, Flags& flags) {
  command.add_option("--reports", flags.reports, "Folder for report.html, results.csv and results.json")
      ->type_name("DIR");
}

void add_apply(CLI::App& app, Context& context) {
  const auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand("apply", "Rewrite a graph, and prove that it still means the same");
  command->add_option("NAME", flags->names, "Rewrites, separated by commas; 'all'")->required();
  command->add_option("GRAPH", flags->graph, "A graph: .pt2, .xml, .json")->required();
  command->add_option("-o,--output", flags->output, "Graph to write unless the proof fails: .json or .xml")
      ->type_name("OUT");
  command->add_flag("--overwrite", flags->overwrite, "Replace OUT, and the .bin beside it");
  command->add_flag("--link", flags->link,
                    "Unchanged constants stay in the file they are mapped from, which OUT names");
  command->add_flag("--no-proof", flags->no_proof, "Only rewrite, e.g. a graph too large to be interpreted (exits 2)");
  command
      ->add_option("--impl", flags->impl,
                   "Implementation that packs constants, e.g. cpu.avx2; the plain way always uses the reference")
      ->type_name("NAME")
      ->capture_default_str();
  add_reports(*command, *flags);
  command->callback([flags, &context] { context.exit_code = apply(*flags, context); });
}

// Not listed: for measuring.
void add_large(CLI::App& app, Context&) {
  struct Size {
    std::string folder;
    std::int64_t nodes = 100000, gigabytes = 4;
  };
  const auto size = std::make_shared<Size>();
  CLI::App* command =
      app.add_subcommand("make-large", "Write a graph of the size of real models, with sparse constants")->group("");
  command->add_option("DIR", size->folder, "Folder for large.json and large.bin")->required();
  command->add_option("--nodes", size->nodes, "Nodes")->check(CLI::Range(11, 10000000))->capture_default_str();
  command->add_option("--gigabytes", size->gigabytes, "Size of the constants")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command->callback([size] { make_large_graph(size->folder, size->nodes, size->gigabytes << 30); });
}

void add_verify(CLI::App& app, Context& context) {
  const auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand("verify", "Judge what another compiler made of a graph");
  command->add_option("BEFORE", flags->graph, "The graph before: .pt2, .xml, .json")->required();
  command->add_option("AFTER", flags->after, "The graph after")->required();
  add_reports(*command, *flags);
  command->callback([flags, &context] { context.exit_code = verify(*flags, context); });
}

}  // namespace

void add_rewrite(CLI::App& app, Context& context) {
  CLI::App* command =
      app.add_subcommand("rewrite", "Graph rewrites: list, explain, apply with a proof, verify others'");
  command->require_subcommand(1);
  command->preparse_callback([](std::size_t) { end_at_interrupts(); });
  for (const auto add : {add_list, add_explain, add_apply, add_verify, add_large}) add(*command, context);
  command->footer(
      "Graphs: torch.export's .pt2, OpenVINO IR .xml with its .bin, graph JSON (reference/graph/FORMAT.md).\n\n"
      "Examples:\n  plumb rewrite explain embedding_q4gsw model.pt2\n  plumb rewrite apply "
      "nncf_u4_stack,convert_reshape_fold model.pt2 -o out.xml\n"
      "  plumb rewrite verify before.pt2 after.json");
}

}  // namespace plumb::cli
