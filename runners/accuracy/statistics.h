// Estimates from samples.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace plumb::accuracy {

/// How many standard errors an estimate from `freedom` + 1 samples may be away with 95 % confidence: the 97.5 %
/// quantile of Student's t, 12.7 for two samples and 1.96 for very many. `freedom` >= 1.
[[nodiscard]] double student_t(std::int64_t freedom);

/// A mean and its standard error, of samples taken as independent: s / sqrt(n), s with n - 1. NaN without samples; the
/// error of a single one is NaN.
struct Estimate {
  double mean, error;
  std::int64_t count;  ///< Samples.

  /// The interval that holds the mean with 95 % confidence, if samples are normally distributed or many.
  [[nodiscard]] double low() const { return mean - reach(); }
  [[nodiscard]] double high() const { return mean + reach(); }

 private:
  [[nodiscard]] double reach() const { return count < 2 ? error : student_t(count - 1) * error; }
};
[[nodiscard]] Estimate estimate(std::span<const double> samples);

/// The value below which a share of the samples lies, linear between neighbours. `sorted` is not empty.
[[nodiscard]] double percentile(std::span<const double> sorted, double share);

}  // namespace plumb::accuracy
