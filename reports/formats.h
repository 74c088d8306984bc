// The report formats, and writing them all.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "reports/html.h"
#include "reports/record.h"

namespace plumb {

struct Format {
  const char* name;         ///< "html"
  const char* file_name;    ///< "report.html"
  const char* description;  ///< One line for `plumb --help`.
  std::string (*write)(const Run& run, const std::vector<LayoutPicture>& layouts);
};

/// Every format, in one table. Adding one is its writer and one line here.
[[nodiscard]] std::span<const Format> all_formats();

/// Writes every format into dir, which is created if need be. Each file appears whole or not at all (a temporary file
/// is renamed over it). Throws plumb::Error naming the path that could not be written.
void write_reports(const Run& run, const std::vector<LayoutPicture>& layouts, const std::filesystem::path& dir);

}  // namespace plumb
