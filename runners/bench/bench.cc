#include "runners/bench/bench.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <optional>

#include "runners/bench/beside_machine.h"
#include "runners/bench/data.h"
#include "runners/execute.h"
#include "runners/machine.h"
#include "runners/version.h"

namespace plumb::bench {
namespace {

constexpr int kFewestSamples = 5;
constexpr double kSampleSeconds = 1e-3;
constexpr std::byte kFill{0x5A};

double seconds_of(const Gauge& gauge, int calls) {
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < calls; ++i) gauge.work();
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  return elapsed.count() / calls;
}

// How many calls take a millisecond. Warms the gauge up.
int calls_per_sample(const Gauge& gauge) {
  (void)seconds_of(gauge, 1);  // pages are made, and files loaded, the first time
  int calls = 1;
  while (calls < (1 << 20) && seconds_of(gauge, calls) * calls < kSampleSeconds) calls *= 2;
  return calls;
}

std::int64_t bytes_of(const std::vector<Form>& forms) {
  std::int64_t bytes = 0;
  for (const Form& form : forms) bytes += element_count(form.shape) * info(form.dtype).size_bytes;
  return bytes;
}

// One case with its inputs, for all implementations.
struct Question {
  explicit Question(const BenchCase& bench_case)
      : bench_case(bench_case),
        op(*bench_case.test_case.op),
        problem(bench_problem(op, bench_case.test_case.signature)),
        forms(output_forms(op, problem.signature)),
        footprint(moved_bytes()) {}

  [[nodiscard]] std::int64_t moved_bytes() const {
    std::int64_t bytes = bytes_of(forms);
    for (std::size_t i = 0; i < op.inputs.size(); ++i) bytes += bytes_read(i);
    return bytes;
  }
  // A call is refused with its outputs untouched: either inputs with limits are read twice, or what outputs held is
  // read and written elsewhere. What is constant has been looked at before.
  [[nodiscard]] std::int64_t checking_bytes() const {
    std::int64_t limited = 0;
    for (std::size_t i = 0; i < op.inputs.size(); ++i) {
      if (!op.inputs[i].high.empty() && op.inputs[i].role != Role::constant) limited += bytes_read(i);
    }
    return std::min(limited, 2 * bytes_of(forms));
  }
  [[nodiscard]] std::int64_t weight_bytes() const {
    std::int64_t bytes = 0;
    for (std::size_t i = 0; i < op.inputs.size(); ++i) {
      if (op.inputs[i].role == Role::constant) bytes += bytes_read(i);
    }
    return bytes;
  }
  // A lookup reads M of a table's N rows.
  [[nodiscard]] std::int64_t bytes_read(std::size_t input) const {
    const std::int64_t bytes = problem.inputs[input].size_bytes();
    if (bench_case.kind != "lookup" || op.inputs[input].role != Role::constant) return bytes;
    return bytes * problem.signature["M"] / problem.signature["N"];
  }
  // Two for each product of a reduction, whether it is summed up in floating point or in integers first.
  [[nodiscard]] std::int64_t operations() const {
    if (op.arithmetic != Arithmetic::accumulated) return 0;
    const auto& sizes = problem.signature.values;
    const bool has_reduction = op.size("K") != nullptr;
    return 2 * element_count(forms[0].shape) * (has_reduction ? sizes.at("K") : evaluate_formula(op.length, sizes));
  }

  const BenchCase& bench_case;
  const Op& op;
  Problem problem;
  std::vector<Form> forms;
  Footprint footprint;
};

Record blank_record(const Question& question, const Subject& subject, int threads) {
  Record record;
  record.kind = question.bench_case.kind;
  record.op = question.op.name;
  record.impl = subject.impl->name;
  record.case_name = to_string(question.bench_case.test_case);
  record.threads = threads;
  record.moved_bytes = question.moved_bytes();
  record.checking_bytes = question.checking_bytes();
  record.weight_bytes = question.weight_bytes();
  record.operations = question.operations();
  record.bar = question.bench_case.bar;
  record.read_bar = question.bench_case.read_bar;
  return record;
}

// One implementation, prepared for one case.
class Measurement {
 public:
  Measurement(Question& question, const Subject& subject)
      : question_(question),
        subject_(subject),
        execute_(*subject.impl, question.op, question.problem, question.forms),
        outputs_(execute_.make_outputs(kFill)) {
    if (subject.impl->unavailable != nullptr) {
      reason_ = subject.impl->unavailable;
    } else if (execute_.supports(&reason_) == PLUMB_OK) {
      reason_.clear();
      fail_unless_ok("prepare", execute_.prepare());
    }
  }

  [[nodiscard]] Record with_threads(int threads, const BenchOptions& options) {
    Record record = blank_record(question_, subject_, threads);
    if (reason_.empty()) fail_unless_ok("run", execute_.run_on(outputs_, threads));
    record.reason = reason_;
    record.misbehaved = misbehaved_;
    if (!reason_.empty()) return record;
    measure_beside_machine(
        question_.footprint, [this, threads] { (void)execute_.run_on(outputs_, threads); }, options, record);
    return record;
  }

 private:
  void fail_unless_ok(const char* what, plumb_status status) {
    if (status == PLUMB_OK) return;
    reason_ = fmt::format("{}: {}", what, to_string(status));
    misbehaved_ = true;
  }

  Question& question_;
  const Subject& subject_;
  Execute execute_;
  std::vector<Guarded> outputs_;
  std::string reason_;
  bool misbehaved_ = false;
};

Extents extents_of(const Signature& signature) {
  return {signature["M"], signature["N"], signature["K"], signature["group"]};
}

// Appends a record, and those of others that do the same as the first of ours.
void append(Run& run, const Record& record, bool first, const BenchCase& bench_case, const BenchOptions& options) {
  std::vector<Record> records = {record};
  if (first && options.peers && record.kind == "linear" && is_measured(record)) {
    const auto others = options.peers(extents_of(bench_case.test_case.signature), record);
    records.insert(records.end(), others.begin(), others.end());
  }
  for (const Record& each : records) {
    run.records.push_back(each);
    options.on_record(each);
  }
  run.info.planned += std::ssize(records) - 1;
}

std::vector<Subject> subjects_for(const Op& op, const std::vector<Subject>& subjects) {
  std::vector<Subject> chosen;
  std::ranges::copy_if(subjects, std::back_inserter(chosen), [&](const Subject& s) { return op.name == s.impl->op; });
  return chosen;
}

}  // namespace

void measure_in_turn(std::vector<Gauge>& gauges, double min_seconds, const std::function<bool()>& should_stop) {
  std::vector<int> calls;
  for (const Gauge& gauge : gauges) {
    if (should_stop()) return;
    calls.push_back(calls_per_sample(gauge));
  }
  double sampled = 0;
  for (int round = 0; (round < kFewestSamples || sampled < min_seconds) && !should_stop(); ++round) {
    for (std::size_t i = 0; i < gauges.size(); ++i) gauges[i].seconds.push_back(seconds_of(gauges[i], calls[i]));
    sampled += gauges[0].seconds.back() * calls[0];
  }
}

Run run_bench(const std::vector<BenchCase>& cases, const std::vector<Subject>& subjects, const BenchOptions& options) {
  Run run;
  run.info.command = options.command;
  run.info.version = kVersion;
  run.info.started = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
  run.info.machine = describe_machine();
  run.min_seconds = options.min_seconds;
  const auto start = std::chrono::steady_clock::now();
  for (const BenchCase& bench_case : cases) {
    const std::vector<Subject> able = subjects_for(*bench_case.test_case.op, subjects);
    run.info.planned += std::ssize(able) * std::ssize(options.threads);
    if (able.empty() || options.should_stop()) continue;
    Question question(bench_case);
    for (const Subject& subject : able) {
      Measurement measurement(question, subject);
      for (const int threads : options.threads) {
        if (options.should_stop()) break;
        const bool first = &subject == &able.front();
        append(run, measurement.with_threads(threads, options), first, bench_case, options);
      }
    }
  }
  run.info.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  run.info.interrupted = options.should_stop();
  return run;
}

}  // namespace plumb::bench
