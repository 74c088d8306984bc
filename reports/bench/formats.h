// A benchmark run as text: for the terminal, and as the three files of every report.
#pragma once

#include <filesystem>
#include <string>

#include "reports/bench/record.h"

namespace plumb::bench {

/// The terminal's table; columns in which no record has anything are left out. Below it a line for each bar that is
/// missed, by how much and why.
[[nodiscard]] std::string text_table(const Run& run);

/// One page, self-contained and without script.
[[nodiscard]] std::string write_html(const Run& run);

/// RFC 4180; every field of bench::Record exactly, `share_of_copy` and `seconds` spread over _median, _low, _high and
/// _least.
[[nodiscard]] std::string write_csv(const Run& run);

/// {"format": "plumbline benchmark", "version": 1, "info": {…}, "min_seconds": 0.2, "records": [{…}, …]}, with the
/// fields of bench::Record; numbers read back exactly.
[[nodiscard]] std::string write_json(const Run& run);

/// Writes report.html, results.csv and results.json as write_reports of reports/formats.h does.
void write_reports(const Run& run, const std::filesystem::path& dir);

}  // namespace plumb::bench
