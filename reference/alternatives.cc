#include "reference/alternatives.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <span>

#include "reference/error.h"

namespace plumb {
namespace {

constexpr std::size_t kMostListed = 12;

// What some of the steps add up to, for each choice of them.
std::vector<double> sums_of(std::span<const double> steps) {
  std::vector<double> sums = {0};
  for (const double step : steps) {
    for (std::size_t i = 0, count = sums.size(); i < count; ++i) sums.push_back(sums[i] + step);
  }
  return sums;
}

// Each choice of the one half of the steps is completed by one of the two best ones of the other.
double nearest_sum(double value, std::span<const double> steps, double got) {
  const std::vector<double> some = sums_of(steps.first(steps.size() / 2));
  std::vector<double> others = sums_of(steps.subspan(steps.size() / 2));
  std::ranges::sort(others);
  double nearest = value;
  const auto consider = [&](double sum) {
    if (std::abs(sum - got) < std::abs(nearest - got)) nearest = sum;
  };
  for (const double sum : some) {
    const double base = value + sum;
    const auto above = std::ranges::lower_bound(others, got - base);
    if (above != others.end()) consider(base + *above);
    if (above != others.begin()) consider(base + *std::prev(above));
  }
  return nearest;
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
