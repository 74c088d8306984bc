#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <optional>
#include <set>

#include "reference/error.h"
#include "reports/accuracy/columns.h"
#include "reports/accuracy/formats.h"
#include "runners/accuracy/accuracy.h"
#include "runners/accuracy/llama_cpp.h"
#include "runners/accuracy/references.h"
#include "runners/campaign.h"
#include "runners/cli/commands.h"
#include "runners/cli/number_range.h"
#include "runners/cli/run_flags.h"
#include "runners/library.h"
#include "runners/machine.h"
#include "runners/replay.h"
#include "runners/version.h"

namespace plumb::cli {
namespace {

constexpr const char* kBuiltInModel = "model/qwen3-austen";  // below the goldens

struct AccuracyFlags {
  RunFlags shared;
  std::vector<std::string> libraries, schemes;
  std::string model, tokens, text, passages, baseline;
  accuracy::Reading reading;
  std::optional<double> most_increase_percent, most_kl, least_top1_percent;
  std::string llama_cpp = "llama-perplexity", gguf;
  bool no_impls = false;
};

// What is read, and where it came from.
struct Material {
  accuracy::EvaluationText text;
  std::string source;
  std::string plain;  // the windows as text, for peers; empty without a tokenizer
};

std::vector<std::int32_t> tokens_of_text(const std::string& file, const model::ModelFolder& folder,
                                         const model::Tokenizer& tokenizer) {
  std::vector<std::int32_t> tokens;
  if (folder.config().begin) tokens.push_back(static_cast<std::int32_t>(*folder.config().begin));
  const auto rest = tokenizer.encode(model::read_text(file));
  tokens.insert(tokens.end(), rest.begin(), rest.end());
  return tokens;
}

std::unique_ptr<model::Tokenizer> read_tokenizer(const model::ModelFolder& folder) {
  const std::filesystem::path file = folder.path() / "tokenizer.json";
  auto tokenizer = std::make_unique<model::Tokenizer>(file);
  if (tokenizer->size() > folder.config().vocabulary) {
    throw Error(
        fmt::format("{}: has {} tokens, the model {}", file.string(), tokenizer->size(), folder.config().vocabulary));
  }
  return tokenizer;
}

std::vector<std::int32_t> recorded_tokens(const std::string& file, const model::ModelFolder& folder) {
  if (!std::filesystem::exists(file)) {
    throw Error(fmt::format("{}: there is no such file; give --tokens FILE.npy or --text FILE", file));
  }
  return model::read_tokens(file, folder.config().vocabulary);
}

// Files of the model's own folder stand in for what is not given.
Material read_material(const AccuracyFlags& flags, const model::ModelFolder& folder) {
  namespace fs = std::filesystem;
  const fs::path passages = flags.passages.empty() ? folder.path() / "eval_passages.json" : fs::path(flags.passages);
  const bool reads_passages = flags.reading.passages > 0 && (!flags.passages.empty() || fs::exists(passages));
  std::unique_ptr<model::Tokenizer> tokenizer;
  if (!flags.text.empty() || reads_passages || fs::exists(folder.path() / "tokenizer.json")) {
    tokenizer = read_tokenizer(folder);
  }
  Material material;
  if (!flags.text.empty()) {
    material.source = flags.text;
    material.text.tokens = tokens_of_text(flags.text, folder, *tokenizer);
  } else {
    material.source = flags.tokens.empty() ? (folder.path() / "eval_tokens.npy").string() : flags.tokens;
    material.text.tokens = recorded_tokens(material.source, folder);
  }
  if (reads_passages) material.text.passages = model::read_passages(passages, *tokenizer, flags.reading.passages);
  if (tokenizer != nullptr) {
    const auto count =
        std::min<std::int64_t>(std::ssize(material.text.tokens), flags.reading.window * flags.reading.windows);
    material.plain = tokenizer->decode(std::span(material.text.tokens).first(static_cast<std::size_t>(count)));
  }
  return material;
}

std::vector<Subject> subjects_for(const AccuracyFlags& flags) {
  if (flags.no_impls) return {};
  std::vector<Subject> all;
  for (const std::string& library : flags.libraries) {
    const auto loaded = load_library(library);
    all.insert(all.end(), loaded.begin(), loaded.end());
  }
  return select_subjects(all.empty() ? builtin_subjects() : all, "*", flags.shared.impl);
}

// The operator of a scheme's weights, for a weight of one group.
std::string operator_of(const accuracy::Part& part) {
  const std::int64_t columns = std::max<std::int64_t>(part.choices.group, 32);
  accuracy::QuantisedWeight weight{16, columns, columns, {}, {}};
  weight.codes.resize(static_cast<std::size_t>(16 * columns));
  weight.scales.assign(16, 1);
  weight.zeros.assign(16, 0);
  weight.added.assign(16, 0);
  return part.format->pack(weight, *part.format, part.choices).op->name;
}

std::vector<accuracy::Scheme> schemes_for(const AccuracyFlags& flags, const std::vector<Subject>& subjects) {
  std::set<std::string> able;
  for (const Subject& subject : subjects) able.insert(subject.impl->op);
  std::vector<accuracy::Scheme> schemes;
  std::vector<std::string> wanted;
  for (const std::string& name : flags.schemes.empty() ? accuracy::default_schemes() : flags.schemes) {
    const auto known = [&](const accuracy::Scheme& scheme) { return scheme.name == name; };
    if (std::ranges::any_of(schemes, known)) continue;
    accuracy::Scheme scheme = accuracy::parse_scheme(name);
    wanted.push_back(operator_of(scheme.part));
    // Of the schemes that nobody asked for, those that a user's library has no kernel for say nothing about it.
    if (flags.schemes.empty() && !flags.libraries.empty() && !able.contains(wanted.back())) continue;
    schemes.push_back(std::move(scheme));
  }
  if (schemes.empty()) {
    throw Error(
        fmt::format("none of the given implementations is of {}, the operators of the default schemes; choose "
                    "others with --scheme",
                    fmt::join(wanted, ", ")));
  }
  return schemes;
}

accuracy::Budgets budgets_of(const AccuracyFlags& flags) {
  accuracy::Budgets budgets;
  if (flags.most_increase_percent) budgets.most_increase = *flags.most_increase_percent / 100;
  budgets.most_kl = flags.most_kl;
  if (flags.least_top1_percent) budgets.least_same_top = *flags.least_top1_percent / 100;
  return budgets;
}

// One line on stderr, rewritten in place on a terminal; else a line whenever another thing begins.
class ProgressLine {
 public:
  void show(const std::string& what, double share) {
    if (terminal_) {
      fmt::print(stderr, "\r\x1b[K{:3.0f} %  {}", 100 * share, what);
    } else if (what != last_) {
      fmt::print(stderr, "{}\n", what);
    }
    last_ = what;
    std::fflush(stderr);
  }
  void clear() const {
    if (terminal_ && !last_.empty()) fmt::print(stderr, "\r\x1b[K");
  }

 private:
  bool terminal_ = isatty(STDERR_FILENO) != 0;
  std::string last_;
};

std::optional<accuracy::Run> read_baseline(const std::string& path) {
  if (path.empty()) return std::nullopt;
  const std::filesystem::path file =
      std::filesystem::is_directory(path) ? std::filesystem::path(path) / "results.json" : std::filesystem::path(path);
  try {
    return accuracy::read_json(model::read_text(file));
  } catch (const Error& error) {
    throw Error(fmt::format("--baseline {}: {}", file.string(), error.what()));
  }
}

bool quantises_activations(const accuracy::Scheme& scheme) {
  return scheme.part.format->activation == accuracy::Activation::int8_rows ||
         (scheme.better && scheme.better->format->activation == accuracy::Activation::int8_rows);
}

std::string limits_note(const accuracy::Reading& reading) {
  return fmt::format(
      "Schemes read {} windows and {} passages, each implementation the first {} windows and {} passages; layers are "
      "judged on the first {} tokens. Intervals take tokens as independent.",
      reading.windows, reading.passages, reading.implementation_windows, reading.implementation_passages,
      reading.drift_tokens);
}

accuracy::AccuracyOptions options_of(const AccuracyFlags& flags, ProgressLine& progress) {
  accuracy::AccuracyOptions options;
  options.reading = flags.reading;
  options.budgets = budgets_of(flags);
  options.jobs = flags.shared.in_process ? 0 : flags.shared.jobs;
  options.limit = std::chrono::milliseconds(static_cast<std::int64_t>(flags.shared.timeout_s * 1000));
  options.should_stop = was_interrupted;
  options.on_progress = [&progress](const std::string& what, double share) { progress.show(what, share); };
  return options;
}

void add_notes(const AccuracyFlags& flags, const std::vector<accuracy::Scheme>& schemes, accuracy::Run& run) {
  run.notes.push_back(limits_note(flags.reading));
  if (std::ranges::none_of(schemes, quantises_activations)) return;
  run.notes.emplace_back(
      "Where activations are quantised, a difference in the last bit may turn a code at a tie into its neighbour: "
      "kernels that are right differ by more there.");
}

void check_baseline(const std::optional<accuracy::Run>& baseline, const Material& material, const AccuracyFlags& flags,
                    const model::ModelFolder& folder) {
  if (!baseline) return;
  const accuracy::CutText text(material.text, flags.reading, folder.config().positions);
  accuracy::check_comparable(*baseline, text.hash(), text.window());
}

int show_and_write(const accuracy::Run& run, const std::string& out) {
  fmt::print("{}\n{} in {:.1f} s\n", accuracy::text_table(run), accuracy::headline(run), run.info.seconds);
  if (!out.empty()) {
    accuracy::write_reports(run, out);
    fmt::print("report: {}\n", (std::filesystem::path(out) / "report.html").string());
  }
  return accuracy::exit_code(run);
}

int evaluate(const AccuracyFlags& flags, const std::string& command) {
  const auto start = std::chrono::steady_clock::now();
  const std::string started = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
  const model::ModelFolder folder(flags.model.empty() ? default_golden_path() / kBuiltInModel
                                                      : std::filesystem::path(flags.model));
  const std::vector<Subject> subjects = subjects_for(flags);
  const std::vector<accuracy::Scheme> schemes = schemes_for(flags, subjects);
  const auto baseline = read_baseline(flags.baseline);
  const Material material = read_material(flags, folder);
  check_baseline(baseline, material, flags, folder);
  check_output_folder(flags.shared);
  ProgressLine progress;
  const accuracy::AccuracyOptions options = options_of(flags, progress);
  accuracy::Run run = accuracy::measure(folder, material.text, schemes, subjects, options);
  if (!was_interrupted()) {
    run.peers.push_back(
        accuracy::ask_llama_cpp({flags.llama_cpp, flags.gguf, material.plain, run.window, flags.reading.windows}));
  }
  if (baseline) accuracy::compare_with(*baseline, options.budgets, run);
  progress.clear();
  add_notes(flags, schemes, run);
  run.text = material.source;
  run.info.command = command;
  run.info.version = kVersion;
  run.info.started = started;
  run.info.machine = describe_machine();
  run.info.devices = vulkan_devices();
  run.info.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return show_and_write(run, flags.shared.out);
}

void add_material_flags(CLI::App& command, AccuracyFlags& flags) {
  command
      .add_option("LIBRARY", flags.libraries,
                  "Shared objects with a plumb_get_library(); without one the built-in implementations run")
      ->type_name("FILE");
  command
      .add_option("--model", flags.model, "Hugging Face folder of a Llama or Qwen3 model; by default the built-in one")
      ->type_name("DIR");
  auto* tokens = command.add_option("--tokens", flags.tokens, "Tokens to read, .npy; by default DIR/eval_tokens.npy");
  tokens->type_name("FILE");
  command.add_option("--text", flags.text, "Text to read instead")->type_name("FILE")->excludes(tokens);
  command
      .add_option("--passage-file", flags.passages,
                  "Passages whose last word is guessed, JSON; by default DIR/eval_passages.json")
      ->type_name("FILE");
  command.add_option("--scheme", flags.schemes, "A scheme; may be given more than once")
      ->type_name("SCHEME")
      ->allow_extra_args(false);
  command.add_option("--impl", flags.shared.impl, "Only implementations matching GLOB, e.g. 'cpu.*'")
      ->type_name("GLOB");
  command.add_flag("--no-impls", flags.no_impls, "Only what schemes cost; no implementation runs");
}

void add_count(CLI::App& command, const char* name, std::int64_t& value, std::int64_t least, const char* meaning) {
  command.add_option(name, value, meaning)
      ->type_name("N")
      ->check(CLI::Range(least, std::int64_t{1} << 30))
      ->capture_default_str();
}

void add_reading_flags(CLI::App& command, AccuracyFlags& flags) {
  accuracy::Reading& reading = flags.reading;
  add_count(command, "--window", reading.window, 2, "Tokens that are read together");
  add_count(command, "--windows", reading.windows, 1, "Windows that schemes are measured on");
  add_count(command, "--impl-windows", reading.implementation_windows, 1, "Windows that each implementation reads");
  add_count(command, "--passages", reading.passages, 0, "Passages that schemes are measured on");
  add_count(command, "--impl-passages", reading.implementation_passages, 0, "Passages that each implementation reads");
  add_count(command, "--layer-tokens", reading.drift_tokens, 0, "Tokens on which layers are judged one by one; 0: not");
}

void add_budget_flags(CLI::App& command, AccuracyFlags& flags) {
  command
      .add_option("--max-ppl-increase", flags.most_increase_percent,
                  "Percent by which the perplexity may exceed the original's (and the baseline's); else exit code 1")
      ->type_name("PERCENT")
      ->check(number_from(0));
  command.add_option("--max-kl", flags.most_kl, "Mean divergence from the original that is allowed; else exit code 1")
      ->type_name("KL")
      ->check(number_from(0));
  command
      .add_option("--min-top1", flags.least_top1_percent,
                  "Percent of tokens whose likeliest guess has to be the original's; else exit code 1")
      ->type_name("PERCENT")
      ->check(number_in(0, 100));
  command.add_option("--baseline", flags.baseline, "An earlier run (its folder or results.json) to compare with")
      ->type_name("RUN");
  command.add_option("--llama-perplexity", flags.llama_cpp, "llama.cpp's tool, timed beside ours where it is there")
      ->capture_default_str();
  command.add_option("--gguf", flags.gguf, "The same weights for llama.cpp")->type_name("FILE");
}

std::string format_list() {
  std::string text =
      "Schemes: FORMAT[:gN|:row][:asym][:tied], or LOWER+HIGHER@BITS for a mix by sensitivity.\nFormats:\n";
  for (const accuracy::Format& format : accuracy::all_formats()) {
    text += fmt::format("  {:26}{}\n", format.name, format.summary);
  }
  return text;
}

}  // namespace

void add_accuracy(CLI::App& app, Context& context) {
  CLI::App* command =
      app.add_subcommand("accuracy", "What quantisation costs a language model, and what its kernels cost on top");
  const auto flags = std::make_shared<AccuracyFlags>();
  add_material_flags(*command, *flags);
  add_reading_flags(*command, *flags);
  add_budget_flags(*command, *flags);
  add_execution_flags(*command, flags->shared);
  flags->shared.timeout_s = 300;
  command->get_option("--timeout")
      ->description("Seconds after which an implementation on a scheme is a hang")
      ->default_val(300);
  command->get_option("--out")->description("Folder for report.html, results.csv, layers.csv and results.json");
  command->footer(format_list() + fmt::format("By default: {}.\n\n", fmt::join(accuracy::default_schemes(), ", ")) +
                  "Exit codes: 0 within bounds and budgets; 1 not, or an implementation failed; 2 nothing measured, no "
                  "implementation\nmeasured, one that nothing judged, or cut short; 3 bad request.\n\n"
                  "Examples:\n  plumb accuracy --out report\n  plumb accuracy ./libmykernels.so --scheme "
                  "et_vk.q4gsw:g32:tied\n"
                  "  plumb accuracy --model Qwen3-0.6B --text book.txt --scheme nncf.u2:g64+nncf.u4:g64@3 --no-impls\n"
                  "  plumb accuracy --impl cpu.avx2 --max-ppl-increase 1 --min-top1 90 --baseline report");
  command->callback([flags, &context] { context.exit_code = evaluate(*flags, context.command); });
}

}  // namespace plumb::cli
