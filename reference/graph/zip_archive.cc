#include "reference/graph/zip_archive.h"

#include <fmt/format.h>

#include <array>
#include <cstring>

#include "reference/error.h"

namespace plumb::graph {
namespace {

// Little-endian numbers at a position; a Reader never leaves its bytes.
class Reader {
 public:
  Reader(const MappedFile& file, std::uint64_t at, std::uint64_t size, const char* what)
      : bytes_(file.part(at, size, what)) {}

  [[nodiscard]] std::uint64_t number(std::size_t at, std::size_t size) const {
    if (at + size > bytes_.size()) throw Error("zip: a record is shorter than it says");
    std::uint64_t value = 0;
    for (std::size_t i = size; i-- > 0;) value = value << 8 | std::to_integer<std::uint64_t>(bytes_[at + i]);
    return value;
  }

 private:
  std::span<const std::byte> bytes_;
};

constexpr std::uint32_t kEndOfDirectory = 0x06054b50, kEnd64 = 0x06064b50, kLocator64 = 0x07064b50,
                        kDirectoryEntry = 0x02014b50, kLocalHeader = 0x04034b50;
constexpr std::uint64_t kEndSize = 22, kLocatorSize = 20, kEntrySize = 46, kLocalSize = 30;

// Position of the end-of-directory record: the last one, in the last 64 KiB.
std::uint64_t find_end(const MappedFile& file) {
  const std::uint64_t size = file.bytes().size();
  if (size < kEndSize) throw Error(fmt::format("{}: is no zip archive (too short)", file.path().string()));
  const std::uint64_t first = size > kEndSize + 65535 ? size - kEndSize - 65535 : 0;
  for (std::uint64_t at = size - kEndSize + 1; at-- > first;) {
    if (Reader(file, at, 4, "a signature").number(0, 4) == kEndOfDirectory) return at;
  }
  throw Error(fmt::format("{}: is no zip archive, or truncated (no directory at its end)", file.path().string()));
}

struct Directory {
  std::uint64_t offset, size, count;
};

Directory find_directory(const MappedFile& file) {
  const std::uint64_t end = find_end(file);
  const Reader record(file, end, kEndSize, "the end of the zip directory");
  Directory directory{record.number(16, 4), record.number(12, 4), record.number(10, 2)};
  const bool needs64 = directory.offset == 0xffffffff || directory.size == 0xffffffff || directory.count == 0xffff;
  if (end < kLocatorSize || (!needs64 && Reader(file, end - kLocatorSize, 4, "a locator").number(0, 4) != kLocator64)) {
    return directory;
  }
  const Reader locator(file, end - kLocatorSize, kLocatorSize, "the zip64 locator");
  if (locator.number(0, 4) != kLocator64) throw Error("zip64 locator is missing");
  const Reader end64(file, locator.number(8, 8), 56, "the zip64 end of the directory");
  if (end64.number(0, 4) != kEnd64) throw Error("zip64 end of the directory is not where the locator says");
  return {end64.number(48, 8), end64.number(40, 8), end64.number(32, 8)};
}

// The zip64 extra field replaces each of size and header offset that is all ones.
void read_extra64(const Reader& entry, std::size_t at, std::size_t end, std::uint64_t& size, std::uint64_t& packed,
                  std::uint64_t& header) {
  while (at + 4 <= end) {
    const std::uint64_t id = entry.number(at, 2), length = entry.number(at + 2, 2);
    std::size_t field = at + 4;
    for (std::uint64_t* value : {&size, &packed, &header}) {
      if (id != 1 || *value != 0xffffffff) continue;
      *value = entry.number(field, 8);
      field += 8;
    }
    at += 4 + length;
  }
}

std::array<std::uint32_t, 256> crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    table[i] = i;
    for (int bit = 0; bit < 8; ++bit) table[i] = table[i] >> 1 ^ (table[i] & 1U ? 0xedb88320U : 0U);
  }
  return table;
}

std::uint32_t crc32(std::span<const std::byte> bytes) {
  static const std::array<std::uint32_t, 256> table = crc_table();
  std::uint32_t crc = 0xffffffffU;
  for (const std::byte byte : bytes) crc = table[(crc ^ std::to_integer<std::uint32_t>(byte)) & 255U] ^ crc >> 8;
  return ~crc;
}

}  // namespace

ZipArchive::ZipArchive(std::shared_ptr<const MappedFile> file) : file_(std::move(file)) {
  try {
    read_directory();
  } catch (const Error& error) {
    const std::string text = error.what(), path = file_->path().string();
    throw Error(text.starts_with(path) ? text : fmt::format("{}: {}", path, text));
  }
}

void ZipArchive::read_directory() {
  const Directory directory = find_directory(*file_);
  (void)file_->part(directory.offset, directory.size, "the zip directory");
  std::uint64_t at = directory.offset;
  for (std::uint64_t i = 0; i < directory.count; ++i) {
    const Reader fixed(*file_, at, kEntrySize, "a zip directory entry");
    if (fixed.number(0, 4) != kDirectoryEntry) throw Error("the zip directory is damaged");
    const std::uint64_t name_size = fixed.number(28, 2), extra = fixed.number(30, 2), comment = fixed.number(32, 2);
    const Reader whole(*file_, at, kEntrySize + name_size + extra + comment, "a zip directory entry");
    const auto name = file_->part(at + kEntrySize, name_size, "a name");
    std::uint64_t size = fixed.number(24, 4), packed = fixed.number(20, 4), header = fixed.number(42, 4);
    read_extra64(whole, kEntrySize + name_size, kEntrySize + name_size + extra, size, packed, header);
    const Reader local(*file_, header, kLocalSize, "a zip entry");
    if (local.number(0, 4) != kLocalHeader) throw Error("a zip entry is not where the directory says");
    const std::string text(reinterpret_cast<const char*>(name.data()), name.size());
    const std::uint64_t data = header + kLocalSize + local.number(26, 2) + local.number(28, 2);
    const bool stored = fixed.number(10, 2) == 0;
    (void)file_->part(data, stored ? size : packed, fmt::format("entry '{}'", text));
    entries_[text] = {data, size, stored, static_cast<std::uint32_t>(fixed.number(16, 4))};
    at += kEntrySize + name_size + extra + comment;
  }
}

const ZipArchive::Entry& ZipArchive::entry(const std::string& name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) {
    throw Error(fmt::format("{}: there is no entry '{}'", file_->path().string(), name));
  }
  if (!found->second.stored) {
    throw Error(fmt::format("{}: entry '{}' is compressed; torch.export stores entries as they are",
                            file_->path().string(), name));
  }
  return found->second;
}

std::span<const std::byte> ZipArchive::bytes(const std::string& name) const {
  const Entry& found = entry(name);
  return file_->part(found.offset, found.size, fmt::format("entry '{}'", name));
}

std::string ZipArchive::text(const std::string& name) const {
  const std::span<const std::byte> data = bytes(name);
  if (crc32(data) != entry(name).crc) {
    throw Error(fmt::format("{}: entry '{}' is damaged (its CRC-32 is wrong)", file_->path().string(), name));
  }
  return {reinterpret_cast<const char*>(data.data()), data.size()};
}

}  // namespace plumb::graph
