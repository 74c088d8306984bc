// Runs made up for this room's tests: every outcome, hostile text, numbers that JSON does not know.
#pragma once

#include "reports/record.h"

namespace plumb {

/// Text that breaks a page, a CSV row or a JSON line that forgets to escape it.
inline constexpr const char* kHostileText = "</script><b>&\"'<!-- ,;\r\n\t\\ \xCE\xA9";

/// A passing record of 288 elements with error/bound 0.43.
[[nodiscard]] Record passing_record(const std::string& op, const std::string& impl, int number);

/// A failing record like the one in the README: y[2,64], 2048 x, 181 of 288 wrong.
[[nodiscard]] Record failing_record(const std::string& op, const std::string& impl, int number);

/// A record without anything compared.
[[nodiscard]] Record bare_record(Outcome outcome, const std::string& op, const std::string& impl,
                                 const std::string& reason);

/// Complete, all proved: `cases` passes over two operators and two implementations.
[[nodiscard]] Run proved_run(int cases);

/// Complete: proved_run(cases), and one more record of each outcome, with hostile text, NaN and infinities.
[[nodiscard]] Run hostile_run(int cases);

}  // namespace plumb
