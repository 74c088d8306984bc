#include "runners/accuracy/budgets.h"

#include <fmt/format.h>

#include <algorithm>

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
  for (Record& record : run.records) {
    const auto same = std::ranges::find_if(baseline.records, [&](const Record& before) {
      return before.kind == record.kind && before.scheme == record.scheme && before.impl == record.impl;
    });
    if (same == baseline.records.end()) continue;
    record.since_baseline = increase_over(same->window_nll, record.window_nll);
    const double increase = record.since_baseline.value;
    if (budgets.most_increase && increase > *budgets.most_increase) {
      complain(record, fmt::format("perplexity {} over the baseline's, more than --max-ppl-increase {}",
                                   percent(increase), percent(*budgets.most_increase)));
    }
  }
}

}  // namespace plumb::accuracy
