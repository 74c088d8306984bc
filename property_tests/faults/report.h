// The score of the catalogue as tables.
#pragma once

#include <string>

#include "property_tests/faults/score.h"
#include "reports/record.h"

namespace plumb::faults {

/// "41 of 41 reported bugs caught, 38 named; …".
[[nodiscard]] std::string headline_of(const Scores& scores);

/// How many faults are caught, and by whom: plumbline, and peers' criteria on their data and on plumbline's.
[[nodiscard]] Table score_table(const Scores& scores);
/// A row for each fault.
[[nodiscard]] Table fault_table(const Scores& scores);

/// A run for the reports: a record for each fault, which is `xfail` if it was caught and `fail` if not, and one for the
/// right kernels, with both tables.
[[nodiscard]] Run run_of(const Scores& scores, const std::string& command);

/// The tables of a run for the terminal.
[[nodiscard]] std::string text_of(const Run& run);

}  // namespace plumb::faults
