// Estimates from samples.
#pragma once

#include <span>
#include <vector>

namespace plumb::accuracy {

/// A mean and its standard error, of samples taken as independent: s / sqrt(n), s with n - 1. NaN without samples; the
/// error of a single one is NaN.
struct Estimate {
  double mean, error;

  /// The interval that holds the mean with 95 % confidence, if means are normally distributed.
  [[nodiscard]] double low() const { return mean - 1.959963984540054 * error; }
  [[nodiscard]] double high() const { return mean + 1.959963984540054 * error; }
};
[[nodiscard]] Estimate estimate(std::span<const double> samples);

/// The value below which a share of the samples lies, linear between neighbours. `sorted` is not empty.
[[nodiscard]] double percentile(std::span<const double> sorted, double share);

}  // namespace plumb::accuracy
