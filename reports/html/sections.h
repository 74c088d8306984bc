// The sections of the page, in the order in which it shows them. Each returns HTML, or nothing if it has nothing to
// say.
#pragma once

#include <string>
#include <vector>

#include "reports/html.h"
#include "reports/record.h"
#include "reports/summary.h"

namespace plumb {

/// Verdict, counts, banner of a run cut short, facts about the run.
[[nodiscard]] std::string header_section(const Run& run, const Summary& summary);

/// Operator x implementation: one coloured and worded cell each, a link that filters the case table.
[[nodiscard]] std::string matrix_section(const Summary& summary);

/// Every wrong or vacuous case with its evidence and the command that repeats it. Of one cell at most
/// `kFailuresPerCell` are written out, so that one broken implementation cannot bury another; the rest are counted.
[[nodiscard]] std::string failures_section(const Run& run);
inline constexpr std::int64_t kFailuresPerCell = 20;

/// Histogram of error/bound for each implementation.
[[nodiscard]] std::string ratio_section(const Run& run, const Summary& summary);

/// The tables that the run shows beside its cases.
[[nodiscard]] std::string tables_section(const Run& run);

/// A map of the wrong elements of an output; empty if there is none. See Record::heat.
[[nodiscard]] std::string heat_map(const Record& record);

[[nodiscard]] std::string skips_section(const Summary& summary);

/// The case table's frame, and all records as data for the script.
[[nodiscard]] std::string cases_section(const Run& run);

[[nodiscard]] std::string layouts_section(const std::vector<LayoutPicture>& layouts);

}  // namespace plumb
