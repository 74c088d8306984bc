#include "runners/accuracy/costs.h"

#include <algorithm>
#include <cmath>

#include "runners/accuracy/statistics.h"

namespace plumb::accuracy {
namespace {

// One number of every token.
template <typename Number>
std::vector<double> column(const Scores& scores, const Number& number) {
  std::vector<double> values;
  for (const auto& window : scores) {
    for (const TokenScore& token : window) values.push_back(number(token));
  }
  return values;
}

// From a difference of mean likelihoods to a relative increase of the perplexity.
Interval as_increase(const Estimate& difference) {
  return {std::expm1(difference.mean), std::expm1(difference.low()), std::expm1(difference.high())};
}

void add_divergence(std::vector<double> kl, Cost& cost) {
  const Estimate mean = estimate(kl);
  cost.kl = mean.mean;
  cost.kl_error = mean.error;
  if (std::isnan(mean.mean)) return;  // nothing can be put in order
  std::ranges::sort(kl);
  cost.kl_median = percentile(kl, 0.5);
  cost.kl_90 = percentile(kl, 0.9);
  cost.kl_99 = percentile(kl, 0.99);
  cost.kl_999 = percentile(kl, 0.999);
  cost.kl_max = kl.back();
}

}  // namespace

Cost cost_of(const Scores& scores) {
  Cost cost;
  const std::vector<double> nll = column(scores, [](const TokenScore& t) { return t.nll; });
  cost.tokens = std::ssize(nll);
  if (nll.empty()) return cost;
  const Estimate mean = estimate(nll);
  cost.perplexity = std::exp(mean.mean);
  cost.perplexity_error = cost.perplexity * mean.error;
  cost.reference_perplexity =
      std::exp(estimate(column(scores, [](const TokenScore& t) { return t.reference_nll; })).mean);
  cost.increase = as_increase(estimate(column(scores, [](const TokenScore& t) { return t.nll - t.reference_nll; })));
  add_divergence(column(scores, [](const TokenScore& t) { return t.kl; }), cost);
  cost.rms_dp = std::sqrt(estimate(column(scores, [](const TokenScore& t) { return t.dp * t.dp; })).mean);
  const Estimate same = estimate(column(scores, [](const TokenScore& t) { return t.same_top; }));
  cost.same_top = same.mean;
  cost.same_top_error = same.error;
  return cost;
}

std::vector<double> window_nll(const Scores& scores) {
  std::vector<double> means;
  for (const auto& window : scores) {
    double sum = 0;
    for (const TokenScore& token : window) sum += token.nll;
    means.push_back(sum / static_cast<double>(window.size()));
  }
  return means;
}

Interval increase_over(const std::vector<double>& before, const std::vector<double>& after) {
  if (before.empty() || before.size() != after.size()) return {};
  std::vector<double> differences;
  for (std::size_t i = 0; i < before.size(); ++i) differences.push_back(after[i] - before[i]);
  return as_increase(estimate(differences));
}

}  // namespace plumb::accuracy
