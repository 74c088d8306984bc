#include "runners/accuracy/budgets.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <vector>

#include "reference/error.h"
#include "reports/number_text.h"
#include "runners/accuracy/costs.h"

namespace plumb::accuracy {
namespace {

void complain(Record& record, const std::string& what) {
  if (record.outcome == Outcome::pass) record.outcome = Outcome::fail;
  record.reason += (record.reason.empty() ? "" : "; ") + what;
}

std::string percent(double share) { return fmt::format("{:.3g} %", 100 * share); }

// The same measurement in another run; nullptr if it was not made there.
const Record* record_like(const Record& record, const Run& run) {
  const auto same = std::ranges::find_if(run.records, [&](const Record& other) {
    return other.kind == record.kind && other.scheme == record.scheme && other.impl == record.impl;
  });
  return same == run.records.end() || same->window_nll.empty() ? nullptr : &*same;
}

void hold_to_baseline(const Record& before, const Budgets& budgets, Record& record) {
  record.since_baseline = increase_over(before.window_nll, record.window_nll);
  const double increase = record.since_baseline.value;
  if (!budgets.most_increase || increase <= *budgets.most_increase) return;
  if (before.window_nll.size() != record.window_nll.size()) {
    complain(record, "cannot be compared with the baseline, which read another number of windows");
  } else {
    complain(record, fmt::format("perplexity {} over the baseline's, more than --max-ppl-increase {}",
                                 percent(increase), percent(*budgets.most_increase)));
  }
}

}  // namespace

void hold_to(const Budgets& budgets, Record& record) {
  const Cost& cost = record.kind == Kind::implementation ? record.total : record.cost;
  if (record.kind == Kind::original || cost.tokens == 0) return;
  if (budgets.most_increase && !(cost.increase.value <= *budgets.most_increase)) {
    complain(record, fmt::format("perplexity {} over the original's, more than --max-ppl-increase {}",
                                 percent(cost.increase.value), percent(*budgets.most_increase)));
  }
  if (budgets.most_kl && !(cost.kl <= *budgets.most_kl)) {
    complain(record, fmt::format("mean KL divergence {} from the original, more than --max-kl {}", two_digits(cost.kl),
                                 two_digits(*budgets.most_kl)));
  }
  if (budgets.least_same_top && !(cost.same_top >= *budgets.least_same_top)) {
    complain(record, fmt::format("{} of the likeliest tokens are the original's, fewer than --min-top1 {}",
                                 percent(cost.same_top), percent(*budgets.least_same_top)));
  }
}

void check_comparable(const Run& baseline, std::uint64_t text_hash, std::int64_t window) {
  if (baseline.text_hash == text_hash && baseline.window == window) return;
  throw Error("--baseline: that run read another text, or other windows of it: nothing can be compared");
}

void compare_with(const Run& baseline, const Budgets& budgets, Run& run) {
  std::vector<std::string> unknown;
  for (Record& record : run.records) {
    if (record.window_nll.empty()) continue;  // nothing was measured, and the outcome says why
    if (const Record* before = record_like(record, baseline)) {
      hold_to_baseline(*before, budgets, record);
    } else {
      unknown.push_back(record.impl.empty() ? record.scheme : fmt::format("{} ({})", record.impl, record.scheme));
    }
  }
  if (unknown.empty()) return;
  run.notes.push_back(fmt::format("The baseline has no measurement of these, which are compared with nothing: {}.",
                                  fmt::join(unknown, ", ")));
}

}  // namespace plumb::accuracy
