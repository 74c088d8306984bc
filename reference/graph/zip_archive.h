// The part of the zip format that torch writes: entries stored as they are, so that tensors can be mapped.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "reference/mapped_file.h"

namespace plumb::graph {

/// The directory of an archive, zip64 included.
class ZipArchive {
 public:
  struct Entry {
    std::uint64_t offset, size;  ///< Of the data in the file.
    bool stored;                 ///< Not compressed.
    std::uint32_t crc;           ///< CRC-32 of the data.
  };

  /// Throws Error naming the file if it is no zip archive, is truncated, or its directory contradicts itself.
  explicit ZipArchive(std::shared_ptr<const MappedFile> file);

  [[nodiscard]] const MappedFile& file() const { return *file_; }
  [[nodiscard]] std::shared_ptr<const MappedFile> keeper() const { return file_; }
  [[nodiscard]] const std::map<std::string, Entry>& entries() const { return entries_; }
  /// Throws Error naming archive and entry if there is none of that name or it is compressed.
  [[nodiscard]] const Entry& entry(const std::string& name) const;
  [[nodiscard]] std::span<const std::byte> bytes(const std::string& name) const;
  /// The same as text, with its CRC-32 checked. Throws Error if it is wrong.
  [[nodiscard]] std::string text(const std::string& name) const;

 private:
  void read_directory();

  std::shared_ptr<const MappedFile> file_;
  std::map<std::string, Entry> entries_;
};

}  // namespace plumb::graph
