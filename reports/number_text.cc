#include "reports/number_text.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

namespace plumb {
namespace {

constexpr double kLargestPlain = 99999.5;

bool same_side_of_one(double a, double b) { return (a < 1) == (b < 1) && (a > 1) == (b > 1); }

}  // namespace

std::string exact_text(double value) {
  if (std::isnan(value)) return "nan";
  return fmt::format("{}", value);
}

std::string two_digits(double value) {
  if (std::isnan(value)) return "nan";
  const double size = std::fabs(value);
  if (std::isinf(value) || size == 0) return fmt::format("{:g}", value);
  if (size < 0.01 || size >= kLargestPlain) return fmt::format("{:.1e}", value);
  if (size < 0.0995) return fmt::format("{:.3f}", value);
  if (size < 0.995) return fmt::format("{:.2f}", value);
  if (size < 9.95) return fmt::format("{:.1f}", value);
  return fmt::format("{:.0f}", value);
}

std::string ratio_text(double ratio) {
  std::string text = two_digits(ratio);
  if (!std::isfinite(ratio)) return text;
  constexpr double kNear = 1e-4;
  if (ratio != 1 && std::abs(ratio - 1) < kNear) return ratio < 1 ? "0.9999" : "1.0001";
  for (int decimals = 2; !same_side_of_one(std::strtod(text.c_str(), nullptr), ratio); ++decimals)
    text = fmt::format("{:.{}f}", ratio, decimals);
  return text;
}

std::string thousands(std::int64_t count) {
  std::string text = fmt::format("{}", count);
  const std::size_t first_digit = count < 0 ? 1 : 0;
  for (std::size_t at = text.size(); at > first_digit + 3;) {
    at -= 3;
    text.insert(at, 1, ',');
  }
  return text;
}

std::string count_of(std::int64_t count, const std::string& singular) {
  return thousands(count) + " " + singular + (count == 1 ? "" : "s");
}

std::string duration_text(double seconds) {
  if (!(seconds >= 0) || std::isinf(seconds)) return exact_text(seconds) + " s";
  if (seconds < 0.9995) return fmt::format("{:.0f} ms", seconds * 1e3);
  if (seconds < 59.95) return fmt::format("{:.1f} s", seconds);
  if (seconds < 1e15) {
    const auto whole = static_cast<std::int64_t>(std::llround(seconds));
    if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
    return fmt::format("{} h {} min", thousands(whole / 3600), whole % 3600 / 60);
  }
  return fmt::format("{:.1e} s", seconds);
}

}  // namespace plumb
