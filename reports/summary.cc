#include "reports/summary.h"

#include <cmath>
#include <unordered_map>

#include "reference/error.h"
#include "reports/number_text.h"

namespace plumb {
namespace {

/// Numbers names 0, 1, 2, … in order of first appearance.
class FirstSeen {
 public:
  explicit FirstSeen(std::vector<std::string>& names) : names_(names) {}

  std::size_t index(const std::string& name) {
    const auto [at, is_new] = indices_.try_emplace(name, names_.size());
    if (is_new) names_.push_back(name);
    return at->second;
  }

 private:
  std::vector<std::string>& names_;
  std::unordered_map<std::string, std::size_t> indices_;
};

/// NaN is worse than anything: std::max would drop it or keep it by the order of its arguments.
double worse(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::nan("");
  return a < b ? b : a;
}

void add_record(Cell& cell, const Record& record) {
  cell.counts.add(record.outcome);
  cell.milliseconds += record.milliseconds;
  if (record.worst && record.outcome != Outcome::xfail)
    cell.worst_ratio = worse(cell.worst_ratio.value_or(record.worst->ratio), record.worst->ratio);
}

void count_skips(const Run& run, Summary& summary) {
  std::vector<std::string> reasons;
  FirstSeen seen(reasons);
  for (const Record& record : run.records) {
    if (record.outcome != Outcome::skip) continue;
    const std::size_t index = seen.index(record.reason);
    if (index == summary.skip_reasons.size()) summary.skip_reasons.push_back({record.reason, 0});
    ++summary.skip_reasons[index].count;
  }
}

}  // namespace

std::int64_t Counts::operator[](Outcome outcome) const { return by_outcome[static_cast<std::size_t>(outcome)]; }

std::int64_t Counts::cases() const {
  std::int64_t sum = 0;
  for (const std::int64_t count : by_outcome) sum += count;
  return sum;
}

std::int64_t Counts::wrong() const {
  std::int64_t sum = 0;
  for (const Outcome outcome : all_outcomes())
    if (is_wrong(outcome)) sum += (*this)[outcome];
  return sum;
}

void Counts::add(Outcome outcome) { ++by_outcome[static_cast<std::size_t>(outcome)]; }

const Cell& Summary::cell(std::size_t op, std::size_t impl) const {
  PLUMB_CHECK(op < ops.size() && impl < impls.size() && cells.size() == ops.size() * impls.size());
  return cells[op * impls.size() + impl];
}

Summary summarize(const Run& run) {
  Summary summary;
  FirstSeen ops(summary.ops);
  FirstSeen impls(summary.impls);
  for (const Record& record : run.records) {
    (void)ops.index(record.op);
    (void)impls.index(record.impl);
  }
  summary.cells.resize(summary.ops.size() * summary.impls.size());
  for (const Record& record : run.records) {
    add_record(summary.cells[ops.index(record.op) * summary.impls.size() + impls.index(record.impl)], record);
    add_record(summary.totals, record);
  }
  count_skips(run, summary);
  summary.planned = run.info.planned;
  summary.cut_short = run.info.interrupted || static_cast<std::int64_t>(run.records.size()) < run.info.planned;
  return summary;
}

int exit_code(const Summary& summary) {
  const Counts& counts = summary.totals.counts;
  if (counts.wrong() > 0) return 1;
  const bool all_proved = counts[Outcome::pass] > 0 && counts[Outcome::vacuous] == 0 && !summary.cut_short;
  return all_proved ? 0 : 2;
}

int exit_code(const Run& run) { return exit_code(summarize(run)); }

std::string headline(const Summary& summary) {
  const Counts& counts = summary.totals.counts;
  const std::string cases = count_of(counts.cases(), "case");
  const std::string proved = count_of(counts[Outcome::pass], "case") + " proved, 0 wrong";
  if (counts.wrong() > 0) return thousands(counts.wrong()) + " of " + cases + " wrong";
  if (counts[Outcome::pass] == 0) return "Nothing proved: " + cases + ", none passed";
  if (counts[Outcome::vacuous] > 0)
    return thousands(counts[Outcome::vacuous]) + " of " + cases + " vacuous: their data prove nothing";
  if (summary.cut_short)
    return proved + ", but the run stopped at " + thousands(counts.cases()) + " of " + thousands(summary.planned);
  return proved;
}

std::string counts_text(const Counts& counts, const std::vector<Outcome>& outcomes) {
  std::string text;
  for (const Outcome outcome : outcomes) {
    if (counts[outcome] == 0) continue;
    text += (text.empty() ? "" : ", ") + thousands(counts[outcome]) + " " + to_string(outcome);
  }
  return text;
}

}  // namespace plumb
