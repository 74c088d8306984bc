// A record in words: the same sentences in the terminal and on the page.
#pragma once

#include <string>

#include "reports/record.h"

namespace plumb {

/// The command that repeats the smallest case that fails; empty if there is no other than the record's own.
[[nodiscard]] std::string smallest_command(const Record& record);

/// What was measured: "y[2,64]: got 0.4375, want 0.21875, bound 1.1e-04 (2048 x); 181 of 288 wrong". Values read back
/// exactly, bound and ratio have two digits. Empty if nothing was compared.
[[nodiscard]] std::string evidence(const Record& record);

/// "looks like: offset 7 instead of 8"; empty if there is no diagnosis.
[[nodiscard]] std::string diagnosis_text(const Record& record);

/// The block the terminal shows for one case, five lines at most: outcome, implementation and case; evidence; reason;
/// diagnosis; the command that repeats it. Each line ends in \n.
[[nodiscard]] std::string case_text(const Record& record);

/// "2;64" or "2,64", by separator; empty for the empty index of a scalar.
[[nodiscard]] std::string index_text(const std::vector<std::int64_t>& index, char separator);

}  // namespace plumb
