#include "reference/alternatives.h"

#include <algorithm>
#include <cmath>

#include "reference/error.h"

namespace plumb {
namespace {

constexpr std::size_t kMostListed = 12;

double nearest_sum(double value, const std::vector<double>& steps, double got) {
  std::vector<double> sums = {value};
  for (const double step : steps) {
    for (std::size_t i = 0, count = sums.size(); i < count; ++i) sums.push_back(sums[i] + step);
  }
  return *std::ranges::min_element(sums, {}, [&](double sum) { return std::abs(sum - got); });
}

double nearest_in_range(double value, const std::vector<double>& steps, double got) {
  double low = value, high = value;
  for (const double step : steps) (step < 0 ? low : high) += step;
  return std::clamp(got, low, high);
}

}  // namespace

std::vector<double> nearest_alternatives(const Expected& expected, const Tensor& got) {
  std::vector<double> nearest = expected.value;
  if (expected.steps.empty()) return nearest;
  PLUMB_CHECK(expected.steps.size() == nearest.size() && static_cast<std::size_t>(got.size()) == nearest.size());
  for (std::size_t i = 0; i < nearest.size(); ++i) {
    const std::vector<double>& steps = expected.steps[i];
    const double value = got.at(static_cast<std::int64_t>(i));
    if (steps.empty() || !std::isfinite(value)) continue;
    nearest[i] =
        steps.size() > kMostListed ? nearest_in_range(nearest[i], steps, value) : nearest_sum(nearest[i], steps, value);
  }
  return nearest;
}

}  // namespace plumb
