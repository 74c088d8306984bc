#include "reports/atomic_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "reference/error.h"

namespace plumb {
namespace {

namespace fs = std::filesystem;

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

}  // namespace

void make_directories(const fs::path& dir) {
  std::error_code code;
  fs::create_directories(dir, code);
  if (code) cannot("create directory", dir, code);
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

}  // namespace plumb
