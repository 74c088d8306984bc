// One field of a CSV file (RFC 4180).
#pragma once

#include <string>

namespace plumb {

/// The text, in quotes if it holds a comma, a quote, a line break or a blank at either end.
[[nodiscard]] std::string csv_field(const std::string& text);

}  // namespace plumb
