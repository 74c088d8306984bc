#include "runners/cli/number_range.h"

#include <fmt/format.h>

#include <cmath>
#include <functional>

namespace plumb::cli {
namespace {

CLI::Validator number_that(const std::function<bool(double)>& fits, const std::string& range) {
  const auto complaint = [fits, range](const std::string& text) -> std::string {
    double value = 0;
    const bool good = CLI::detail::lexical_cast(text, value) && fits(value);
    return good ? "" : fmt::format("expected a number {}, got '{}'", range, text);
  };
  return CLI::Validator(complaint, range);
}

}  // namespace

CLI::Validator number_in(double low, double high) {
  return number_that([=](double value) { return value >= low && value <= high; },
                     fmt::format("from {:g} to {:g}", low, high));
}

CLI::Validator number_from(double low) {
  return number_that([=](double value) { return value >= low && std::isfinite(value); }, fmt::format("from {:g}", low));
}

CLI::Validator number_above_0(double high) {
  return number_that([=](double value) { return value > 0 && value <= high; }, fmt::format("above 0, to {:g}", high));
}

}  // namespace plumb::cli
