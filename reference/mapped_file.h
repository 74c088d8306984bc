// A file in memory without reading it: what constants larger than memory lie in.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace plumb {

/// A whole file mapped read-only, as long as somebody holds it.
class MappedFile {
 public:
  /// Throws Error naming the file if it cannot be opened or mapped, or is no regular file.
  [[nodiscard]] static std::shared_ptr<const MappedFile> open(const std::filesystem::path& path);
  /// `size` bytes of `whole` as a file of their own called `name`; `whole` lives as long. Throws as part() does.
  [[nodiscard]] static std::shared_ptr<const MappedFile> within(const std::shared_ptr<const MappedFile>& whole,
                                                                std::uint64_t offset, std::uint64_t size,
                                                                const std::string& name);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// Part of it. Throws Error naming the file and `what` unless it lies within.
  [[nodiscard]] std::span<const std::byte> part(std::uint64_t offset, std::uint64_t size,
                                                const std::string& what) const;

 private:
  MappedFile(std::filesystem::path path, std::span<const std::byte> bytes) : path_(std::move(path)), bytes_(bytes) {}

  std::filesystem::path path_;
  std::span<const std::byte> bytes_;
  std::shared_ptr<const MappedFile> whole_ = nullptr;  ///< Whose bytes these are, if not its own.
};

}  // namespace plumb
