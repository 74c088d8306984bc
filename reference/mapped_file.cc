#include "reference/mapped_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "reference/error.h"

namespace plumb {

std::shared_ptr<const MappedFile> MappedFile::open(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) throw Error(fmt::format("{}: {}", path.string(), std::strerror(errno)));
  struct stat status {};
  const bool regular = ::fstat(file, &status) == 0 && S_ISREG(status.st_mode);
  const auto size = static_cast<std::size_t>(status.st_size);
  void* address = regular && size > 0 ? ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0) : nullptr;
  const int error = errno;
  ::close(file);
  if (!regular) throw Error(fmt::format("{}: is no regular file", path.string()));
  if (address == MAP_FAILED) throw Error(fmt::format("{}: {}", path.string(), std::strerror(error)));
  return std::shared_ptr<const MappedFile>(
      new MappedFile(path, {static_cast<const std::byte*>(address), address == nullptr ? 0 : size}));
}

std::shared_ptr<const MappedFile> MappedFile::within(const std::shared_ptr<const MappedFile>& whole,
                                                     std::uint64_t offset, std::uint64_t size,
                                                     const std::string& name) {
  std::shared_ptr<MappedFile> part(new MappedFile(name, {}));
  part->bytes_ = whole->part(offset, size, name);
  part->whole_ = whole;
  return part;
}

MappedFile::~MappedFile() {
  if (whole_ == nullptr && !bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

std::span<const std::byte> MappedFile::part(std::uint64_t offset, std::uint64_t size, const std::string& what) const {
  if (offset > bytes_.size() || size > bytes_.size() - offset) {
    throw Error(fmt::format("{}: {} would be bytes {} to {}, but the file has {}; truncated?", path_.string(), what,
                            offset, offset + size, bytes_.size()));
  }
  return bytes_.subspan(offset, size);
}

}  // namespace plumb
