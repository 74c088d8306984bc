#include "reference/graph/file_replacement.h"

#include <fmt/format.h>
#include <unistd.h>

#include "reference/error.h"

namespace plumb::graph {

namespace {

// Said before anything is written: a file beside it may be put in its place first.
std::filesystem::path no_folder(std::filesystem::path path) {
  if (std::filesystem::is_directory(path)) throw Error(fmt::format("{}: is a folder", path.string()));
  return path;
}

}  // namespace

FileReplacement::FileReplacement(std::filesystem::path path)
    : path_(no_folder(std::move(path))),
      part_(fmt::format("{}.{}.part", path_.string(), getpid())),
      out_(part_, std::ios::binary) {
  if (!out_) throw Error(fmt::format("{}: cannot be written", path_.string()));
}

FileReplacement::~FileReplacement() {
  out_.close();
  std::error_code gone;  // when committed
  std::filesystem::remove(part_, gone);
}

void FileReplacement::finish() {
  out_.close();
  if (!out_) throw Error(fmt::format("{}: cannot be written", path_.string()));
}

void FileReplacement::commit() {
  std::error_code error;
  std::filesystem::rename(part_, path_, error);
  if (error) throw Error(fmt::format("{}: cannot be replaced: {}", path_.string(), error.message()));
}

}  // namespace plumb::graph
