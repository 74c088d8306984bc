// How numbers are written for a reader: the same in the terminal, the CSV file and the HTML page.
#pragma once

#include <cstdint>
#include <string>

namespace plumb {

/// Shortest decimal that reads back as exactly this double: "0.4375", "-0", "1e-09", "inf", "-inf", "nan".
[[nodiscard]] std::string exact_text(double value);

/// Two digits, as bounds are written: "1.1e-04", "0.50", "3.0", "24"; from 1e5 on "1.0e+05".
[[nodiscard]] std::string two_digits(double value);

/// An error/bound ratio: two digits, whole numbers from 10 to 99999 ("2048"). A ratio that is not 1 is never rounded to
/// "1.0": it keeps as many digits as show on which side of the bound it lies ("1.004", "0.996"); a nearer one is
/// "0.9999" or "1.0001".
[[nodiscard]] std::string ratio_text(double ratio);

/// "1,234,567".
[[nodiscard]] std::string thousands(std::int64_t count);

/// "1 case", "1,234 cases".
[[nodiscard]] std::string count_of(std::int64_t count, const std::string& singular);

/// "850 ms", "12.3 s", "4 min 10 s", "2 h 5 min".
[[nodiscard]] std::string duration_text(double seconds);

}  // namespace plumb
