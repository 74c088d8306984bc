#include "runners/accuracy/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "reference/error.h"

namespace plumb::accuracy {

namespace {

// P(|T| <= t) of Student's distribution, for whole degrees of freedom: a finite sum (Abramowitz and Stegun 26.7.3 and
// 26.7.4), with cos^2 = n / (n + t^2).
double share_within(double t, std::int64_t freedom) {
  const double n = static_cast<double>(freedom), cosine_square = n / (n + t * t), sine = t / std::sqrt(n + t * t);
  const bool odd = freedom % 2 != 0;
  double term = odd ? std::sqrt(cosine_square) : 1, sum = freedom == 1 ? 0 : term;
  for (std::int64_t k = odd ? 3 : 2; k < freedom; k += 2) {
    term *= cosine_square * static_cast<double>(k - 1) / static_cast<double>(k);
    sum += term;
  }
  return odd ? 2 / std::numbers::pi * (std::atan(t / std::sqrt(n)) + sine * sum) : sine * sum;
}

}  // namespace

double student_t(std::int64_t freedom) {
  PLUMB_CHECK(freedom >= 1);
  constexpr std::int64_t kMany = 200;
  constexpr double kNormal = 1.959963984540054;
  if (freedom > kMany) {
    // t = z + (z^3 + z) / 4n + (5z^5 + 16z^3 + 3z) / 96n^2 + ... (Abramowitz and Stegun 26.7.5)
    const double z = kNormal, square = z * z, n = static_cast<double>(freedom);
    return z * (1 + (square + 1) / (4 * n) + (5 * square * square + 16 * square + 3) / (96 * n * n));
  }
  double low = kNormal, high = 13;  // 12.7 for one degree of freedom
  while (high - low > 1e-12) {
    const double middle = (low + high) / 2;
    (share_within(middle, freedom) < 0.95 ? low : high) = middle;
  }
  return high;
}

Estimate estimate(std::span<const double> samples) {
  const auto n = static_cast<double>(samples.size());
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  if (samples.empty()) return {kNaN, kNaN, 0};
  double sum = 0, squares = 0;
  for (const double sample : samples) sum += sample;
  const double mean = sum / n;
  for (const double sample : samples) squares += (sample - mean) * (sample - mean);
  return {mean, samples.size() == 1 ? kNaN : std::sqrt(squares / (n - 1) / n), std::ssize(samples)};
}

double percentile(std::span<const double> sorted, double share) {
  PLUMB_CHECK(!sorted.empty());
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at), above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace plumb::accuracy
