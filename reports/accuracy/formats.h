// An accuracy run as text: for the terminal, and as the files of every report.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "reports/accuracy/record.h"

namespace plumb::accuracy {

/// The terminal's table, then peers and notes; columns in which no record has anything are left out.
[[nodiscard]] std::string text_table(const Run& run);

/// One page, self-contained and without script: table, plots of perplexity, divergence, and errors layer by layer.
[[nodiscard]] std::string write_html(const Run& run);

/// RFC 4180; every field of Record but `layers` and `window_nll`, nested ones as cost_kl, cost_increase_low, ….
[[nodiscard]] std::string write_csv(const Run& run);
/// RFC 4180; one row for each layer of each record.
[[nodiscard]] std::string write_layers_csv(const Run& run);

/// {"format": "plumbline accuracy", "version": 1, "info": {…}, …, "records": [{…}, …]}; numbers read back exactly.
[[nodiscard]] std::string write_json(const Run& run);
/// Inverse of write_json. Throws Error naming the JSON pointer of what is wrong.
[[nodiscard]] Run read_json(std::string_view text);

/// Writes report.html, results.csv, layers.csv and results.json, each whole or not at all.
void write_reports(const Run& run, const std::filesystem::path& dir);

}  // namespace plumb::accuracy
