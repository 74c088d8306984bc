#include "reports/formats.h"

#include "reports/atomic_file.h"
#include "reports/csv.h"
#include "reports/json.h"

namespace plumb {
namespace {

namespace fs = std::filesystem;
using Layouts = std::vector<LayoutPicture>;

constexpr Format kFormats[] = {
    {"html", "report.html", "one page to read in a browser, offline", write_html},
    {"csv", "results.csv", "one row per case, for a spreadsheet",
     [](const Run& run, const Layouts&) { return write_csv(run); }},
    {"json", "results.json", "everything, exactly; plumb reads it back",
     [](const Run& run, const Layouts&) { return write_json(run); }},
};

}  // namespace

std::span<const Format> all_formats() { return kFormats; }

void write_reports(const Run& run, const Layouts& layouts, const fs::path& dir) {
  make_directories(dir);
  for (const Format& format : all_formats()) write_atomically(dir / format.file_name, format.write(run, layouts));
}

}  // namespace plumb
