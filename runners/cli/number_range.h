// Which numbers a flag takes.
#pragma once

#include <CLI/CLI.hpp>

namespace plumb::cli {

/// Accepts numbers in [low, high] and nothing else. (CLI::Range and CLI::NonNegativeNumber let NaN through, which then
/// compares with nothing: a limit of NaN would be no limit.)
[[nodiscard]] CLI::Validator number_in(double low, double high);
/// The same for finite ones from `low` on, and for (0, high].
[[nodiscard]] CLI::Validator number_from(double low);
[[nodiscard]] CLI::Validator number_above_0(double high);

}  // namespace plumb::cli
