#include "runners/fingerprint.h"

#include <fmt/format.h>
#include <link.h>
#include <sys/stat.h>

#include <string_view>

namespace plumb {

void Fingerprint::add(const std::string& text) {
  for (const char c : text + '\n') hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
}

std::string Fingerprint::text() const { return fmt::format("{:016x}", hash_); }

namespace {

void add_file(Fingerprint& print, const std::string& path) {
  struct stat file {};
  if (stat(path.c_str(), &file) != 0) return;  // what is no file is the kernel's own
  print.add(fmt::format("{} {} {}.{:09}", path, file.st_size, file.st_mtim.tv_sec, file.st_mtim.tv_nsec));
}

}  // namespace

std::string code_fingerprint(const std::set<std::string>& libraries) {
  Fingerprint print;
  const auto visit = [](dl_phdr_info* object, std::size_t, void* data) {
    add_file(*static_cast<Fingerprint*>(data), *object->dlpi_name == '\0' ? "/proc/self/exe" : object->dlpi_name);
    return 0;
  };
  dl_iterate_phdr(visit, &print);
  for (const std::string& path : libraries) add_file(print, path);
  return print.text();
}

}  // namespace plumb
