// A run as one HTML page (report.html): self-contained, no network, readable without JavaScript.
#pragma once

#include <string>
#include <vector>

#include "reports/record.h"

namespace plumb {

/// A packed layout drawn in characters, shown at the page's end.
struct LayoutPicture {
  std::string op;
  std::string layout;
  std::string ascii;
};

/// The page: verdict, facts, operator x implementation matrix, failures, error/bound distribution, skip reasons, all
/// cases (filtered and sorted by script), layouts. Any text may hold any bytes: it is shown, never interpreted.
[[nodiscard]] std::string write_html(const Run& run, const std::vector<LayoutPicture>& layouts);

}  // namespace plumb
