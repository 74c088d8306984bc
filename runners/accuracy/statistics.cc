#include "runners/accuracy/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/error.h"

namespace plumb::accuracy {

Estimate estimate(std::span<const double> samples) {
  const auto n = static_cast<double>(samples.size());
  if (samples.empty()) return {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN()};
  double sum = 0, squares = 0;
  for (const double sample : samples) sum += sample;
  const double mean = sum / n;
  for (const double sample : samples) squares += (sample - mean) * (sample - mean);
  return {mean, samples.size() == 1 ? std::numeric_limits<double>::quiet_NaN() : std::sqrt(squares / (n - 1) / n)};
}

double percentile(std::span<const double> sorted, double share) {
  PLUMB_CHECK(!sorted.empty());
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at), above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace plumb::accuracy
