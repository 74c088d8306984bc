#include "reports/formats.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>

#include "reference/error.h"
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

[[noreturn]] void cannot(const char* what, const fs::path& path, const std::error_code& code) {
  throw Error(std::string("reports: cannot ") + what + " " + path.string() + ": " + code.message());
}

bool write_whole(const fs::path& path, const std::string& text) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return false;
  const bool all_written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  const int write_error = errno;
  const bool closed = std::fclose(file) == 0;  // the last bytes go out here: a full disk may show only now
  if (!all_written) errno = write_error;
  return all_written && closed;
}

void write_atomically(const fs::path& path, const std::string& text) {
  fs::path temporary = path;
  temporary += ".partial." + std::to_string(getpid());
  std::error_code ignored;
  if (!write_whole(temporary, text)) {
    const std::error_code code(errno, std::generic_category());
    fs::remove(temporary, ignored);
    cannot("write", path, code);
  }
  std::error_code code;
  fs::rename(temporary, path, code);
  if (!code) return;
  fs::remove(temporary, ignored);
  cannot("write", path, code);
}

}  // namespace

std::span<const Format> all_formats() { return kFormats; }

void write_reports(const Run& run, const Layouts& layouts, const fs::path& dir) {
  std::error_code code;
  fs::create_directories(dir, code);
  if (code) cannot("create directory", dir, code);
  for (const Format& format : all_formats()) write_atomically(dir / format.file_name, format.write(run, layouts));
}

}  // namespace plumb
