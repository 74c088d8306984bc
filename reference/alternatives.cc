#include "reference/alternatives.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "reference/error.h"

namespace plumb {
namespace {

constexpr std::size_t kMostListed = 12;

// Sums of choices among steps, in order of size, in memory that serves all outputs.
class ChoiceSums {
 public:
  void of(std::span<const double> steps) {
    sums_.assign(1, 0);
    for (const double step : steps) {
      with_ = sums_;
      for (double& sum : with_) sum += step;
      merged_.resize(2 * sums_.size());
      std::ranges::merge(sums_, with_, merged_.begin());
      sums_.swap(merged_);
    }
  }
  [[nodiscard]] const std::vector<double>& sums() const { return sums_; }

 private:
  std::vector<double> sums_, with_, merged_;
};

struct Halves {
  ChoiceSums some, others;
};

// Each choice of the one half of the steps is completed by one of the two best ones of the other.
double nearest_sum(double value, std::span<const double> steps, double got, Halves& halves) {
  halves.some.of(steps.first(steps.size() / 2));
  halves.others.of(steps.subspan(steps.size() / 2));
  const std::vector<double>& others = halves.others.sums();
  double nearest = value;
  const auto consider = [&](double sum) {
    if (std::abs(sum - got) < std::abs(nearest - got)) nearest = sum;
  };
  std::size_t above = others.size();  // the first that is not too small; the larger `some`, the nearer the front
  for (const double sum : halves.some.sums()) {
    const double base = value + sum;
    while (above > 0 && others[above - 1] >= got - base) --above;
    if (above < others.size()) consider(base + others[above]);
    if (above > 0) consider(base + others[above - 1]);
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
  Halves halves;
  for (std::size_t i = 0; i < nearest.size(); ++i) {
    const std::vector<double>& steps = expected.steps[i];
    const double value = got.at(static_cast<std::int64_t>(i));
    if (steps.empty() || !std::isfinite(value) || value == nearest[i]) continue;
    nearest[i] = steps.size() > kMostListed ? nearest_in_range(nearest[i], steps, value)
                                            : nearest_sum(nearest[i], steps, value, halves);
  }
  return nearest;
}

}  // namespace plumb
