#include "property_tests/faults/report.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <functional>

#include "impls/impls.h"
#include "reports/text_table.h"
#include "runners/machine.h"
#include "runners/version.h"

namespace plumb::faults {
namespace {

using Chosen = std::function<bool(const Score&)>;

bool is_reported(const Score& score) { return score.entry->is_reported(); }
bool is_elementary(const Score& score) { return !score.entry->is_reported(); }

struct Count {
  std::int64_t of = 0, hits = 0;
  [[nodiscard]] std::string text() const {
    if (of == 0) return "-";
    return fmt::format("{} of {} ({:.0f} %)", hits, of, 100.0 * static_cast<double>(hits) / static_cast<double>(of));
  }
};

// Of the chosen faults that were judged, those that `hits`.
Count count(const Scores& scores, const Chosen& chosen, const Chosen& hits) {
  Count result;
  for (const Score& score : scores.faults) {
    if (!score.was_judged() || !chosen(score)) continue;
    ++result.of;
    result.hits += hits(score) ? 1 : 0;
  }
  return result;
}

std::vector<std::string> score_row(const Scores& scores, const std::string& name, const Chosen& hits,
                                   const std::string& accused) {
  return {name, count(scores, is_reported, hits).text(), count(scores, is_elementary, hits).text(), accused};
}

const char* tick(bool yes) { return yes ? "yes" : "no"; }

// Which criteria see a fault: "NS-A", a letter for each.
std::string letters(const std::array<bool, kCriteria>& refused) {
  constexpr char kLetters[kCriteria] = {'N', 'S', 'E', 'A'};
  std::string text;
  for (std::size_t c = 0; c < kCriteria; ++c) text += refused[c] ? kLetters[c] : '-';
  return text;
}

Record record_of(const Score& score) {
  const Entry& entry = *score.entry;
  Record record = score.seen;
  if (score.was_judged()) {
    const bool caught = score.caught(), excused = !entry.missed_because.empty();
    record.outcome = caught || excused ? Outcome::xfail : Outcome::fail;
    record.reason = caught ? fmt::format("{}: caught by {}; {}", entry.mechanism, score.probe, score.seen.reason)
                           : fmt::format("{}: NOT caught in {} cases", entry.mechanism, score.judged);
    if (!caught && excused) record.reason += "; " + entry.missed_because;
  }
  record.case_name = entry.id + (score.seen.case_name.empty() ? "" : ": " + score.seen.case_name);
  record.op = entry.op;
  record.impl = entry.is_reported() ? "reported bugs" : "elementary faults";
  record.again = "plumb faults --id '" + entry.id + "'";
  return record;
}

// The right kernels among the faulty ones: accused, or else one record that says that they are not.
std::vector<Record> records_of(const RightKernels& right) {
  if (!right.wrong.empty()) return right.wrong;
  if (right.judged == 0) return {};
  Record record(Outcome::pass, "");
  record.op = "(every operator)";
  record.impl = "right kernels";
  record.case_name = fmt::format("{} cases", right.judged);
  return {record};
}

}  // namespace

std::string headline_of(const Scores& scores) {
  const auto caught = [](const Score& s) { return s.caught(); };
  const auto named = [](const Score& s) { return s.named; };
  const Count bugs = count(scores, is_reported, caught), others = count(scores, is_elementary, caught);
  std::string text = fmt::format(
      "{} of {} reported bugs caught, {} named; {} of {} elementary faults caught, {} named; right kernels: {} of {} "
      "cases accused",
      bugs.hits, bugs.of, count(scores, is_reported, named).hits, others.hits, others.of,
      count(scores, is_elementary, named).hits, scores.right.wrong.size(), scores.right.judged);
  const auto skipped = std::ranges::count_if(scores.faults, [](const Score& s) { return !s.was_judged(); });
  return skipped == 0 ? text : text + fmt::format("; {} not judged", skipped);
}

Table score_table(const Scores& scores) {
  const RightKernels& right = scores.right;
  Table table{"Faults caught",
              "Peers' criteria are asked twice: on the one problem that their tests usually have (sizes that are "
              "powers of two, "
              "M = 8, normally distributed numbers), and on some of plumbline's cases in which it found the fault. A "
              "criterion that refuses the right kernel, too, has seen nothing; the last column is how often it does.",
              {"", "reported bugs", "elementary faults", "right kernels refused"},
              {}};
  table.rows.push_back(score_row(
      scores, "plumbline", [](const Score& s) { return s.caught(); },
      Count{right.judged, std::ssize(right.wrong)}.text()));
  table.rows.push_back(score_row(
      scores, "… and its diagnosis names them", [](const Score& s) { return s.named; }, ""));
  for (const bool own : {false, true}) {
    for (std::size_t c = 0; c < kCriteria; ++c) {
      const std::string data = own ? "plumbline's cases" : "one friendly problem";
      table.rows.push_back(score_row(
          scores, fmt::format("{} ({}), {}", criteria()[c].name, criteria()[c].source, data),
          [=](const Score& s) { return own ? s.own[c] : s.friendly[c]; },
          Count{(own ? right.own : right.friendly).asked, (own ? right.own : right.friendly).refused[c]}.text()));
    }
  }
  return table;
}

Table fault_table(const Scores& scores) {
  Table table{
      "Each fault",
      "Peers: N = NMSE, S = SQNR, E = ExecuTorch's tolerance, A = torch.allclose; on their own problem, and on "
      "plumbline's cases.",
      {"fault", "where", "operator", "what is wrong", "caught by", "named", "peers' data", "our data", "source"},
      {}};
  for (const Score& score : scores.faults) {
    const Entry& entry = *score.entry;
    std::string probe = score.probe;
    if (!score.was_judged()) probe = "not judged: " + score.seen.reason;
    if (probe.empty()) probe = "NOT CAUGHT" + (entry.missed_because.empty() ? "" : ": " + entry.missed_because);
    table.rows.push_back({entry.id, entry.place, entry.op, entry.mechanism, probe, tick(score.named),
                          letters(score.friendly), letters(score.own), entry.link});
  }
  return table;
}

Run run_of(const Scores& scores, const std::string& command) {
  Run run;
  run.info.command = command;
  run.info.version = kVersion;
  run.info.started = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
  run.info.machine = describe_machine();
  run.info.devices = vulkan_devices();
  for (const Score& score : scores.faults) run.records.push_back(record_of(score));
  for (Record& record : records_of(scores.right)) run.records.push_back(std::move(record));
  run.info.planned = std::ssize(run.records);
  run.tables = {score_table(scores), fault_table(scores)};
  return run;
}

std::string text_of(const Run& run) { return text_table(run.tables[1]) + "\n" + text_table(run.tables[0]); }

}  // namespace plumb::faults
