// A file that takes the place of another only when it is whole.
#pragma once

#include <filesystem>
#include <fstream>

namespace plumb::graph {

/// Written beside `path`, under its name with this process's number and ".part". `commit` puts it in the place of what
/// was there, which stays as it is until then, and readable for as long as somebody has it mapped. Without it the part
/// is removed again.
class FileReplacement {
 public:
  /// Throws Error naming `path` if it is a folder, or nothing can be written beside it.
  explicit FileReplacement(std::filesystem::path path);
  ~FileReplacement();
  FileReplacement(const FileReplacement&) = delete;
  FileReplacement& operator=(const FileReplacement&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::ostream& out() { return out_; }
  /// Nothing more comes. Throws Error naming `path` if not all of it could be written.
  void finish();
  /// After `finish`. Throws Error naming `path` if it cannot be put there.
  void commit();

 private:
  std::filesystem::path path_, part_;
  std::ofstream out_;
};

}  // namespace plumb::graph
