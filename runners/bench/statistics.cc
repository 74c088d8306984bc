#include "runners/bench/statistics.h"

#include <algorithm>

#include "reference/error.h"

namespace plumb::bench {
namespace {

double quantile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace

Spread spread_of(std::vector<double> samples) {
  if (samples.empty()) return {};
  std::ranges::sort(samples);
  return {quantile(samples, 0.5), quantile(samples, 0.25), quantile(samples, 0.75), samples.front()};
}

std::vector<double> ratios(const std::vector<double>& a, const std::vector<double>& b) {
  PLUMB_CHECK(a.size() == b.size());
  std::vector<double> quotients(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) quotients[i] = a[i] / b[i];
  return quotients;
}

}  // namespace plumb::bench
