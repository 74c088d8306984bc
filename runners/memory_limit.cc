#include "runners/memory_limit.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <string>

#include "reference/sanitized.h"

namespace plumb {
namespace {

std::int64_t limited_bytes = 0, bytes_at_start = 0;

// Asked where there may be no memory left. Field 6 of statm is "data + stack", in pages.
std::int64_t taken_bytes() {
  char text[256] = {};
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr) return errno == EMFILE ? 0 : bytes_at_start + limited_bytes;  // not even that much is left
  long long pages = 0;
  const bool found =
      std::fgets(text, sizeof text, file) != nullptr && std::sscanf(text, "%*s %*s %*s %*s %*s %lld", &pages) == 1;
  std::fclose(file);
  return found ? pages * sysconf(_SC_PAGESIZE) : 0;
}

}  // namespace

std::int64_t free_memory_bytes() {
  std::ifstream file("/proc/meminfo");
  std::string word;
  std::int64_t kibibytes = 0;
  while (file >> word) {
    if (word == "MemAvailable:" && file >> kibibytes) return kibibytes * 1024;
  }
  return 0;
}

void limit_memory(std::int64_t bytes) {
  if (kSanitized || bytes <= 0) return;
  bytes_at_start = taken_bytes();
  limited_bytes = bytes;
  rlimit limit{};
  getrlimit(RLIMIT_DATA, &limit);
  limit.rlim_cur = std::min(limit.rlim_max, static_cast<rlim_t>(bytes_at_start + bytes));
  setrlimit(RLIMIT_DATA, &limit);
}

bool is_memory_used_up() { return limited_bytes > 0 && taken_bytes() - bytes_at_start > limited_bytes / 2; }

}  // namespace plumb
