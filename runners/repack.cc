#include "runners/repack.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "golden/tensor_file.h"
#include "reference/error.h"
#include "runners/aligned_bytes.h"
#include "runners/row_slabs.h"
#include "runners/shared_work.h"

namespace plumb {
namespace {

// Bytes of a slab of rows.
constexpr std::int64_t kLeastSlabBytes = 256 << 10, kMostSlabBytes = 4 << 20;

// Part of a file in memory; pages come and go as the system sees fit.
class Mapping {
 public:
  Mapping(const golden::TensorFile& tensor, bool writable) {
    const int fd = open(tensor.path.c_str(), writable ? O_RDWR : O_RDONLY);
    if (fd >= 0 && writable) reserve(fd, tensor);
    const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    skipped_ = tensor.offset % page;
    length_ = tensor.bytes + skipped_;
    if (fd >= 0 && tensor.bytes > 0) {
      data_ = mmap(nullptr, length_, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd,
                   static_cast<off_t>(tensor.offset - skipped_));
    }
    const int error = errno;
    // Neighbours of a page that is written to hold nothing yet.
    if (writable && data_ != nullptr && data_ != MAP_FAILED) madvise(data_, length_, MADV_RANDOM);
    if (fd >= 0) close(fd);
    if (fd < 0 || data_ == MAP_FAILED) {
      throw Error(fmt::format("{}: cannot be mapped: {}", tensor.path.string(), std::strerror(error)));
    }
  }
  ~Mapping() {
    if (data_ != nullptr) munmap(data_, length_);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  [[nodiscard]] std::span<std::byte> bytes() const {
    if (data_ == nullptr) return {};
    return {static_cast<std::byte*>(data_) + skipped_, length_ - skipped_};
  }

  // Gives the pages of a stretch back; what they hold is in the file.
  void forget(std::uint64_t first, std::uint64_t count) const {
    const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    const std::uint64_t start = (first + skipped_) / page * page;
    if (count > 0) madvise(static_cast<std::byte*>(data_) + start, first + skipped_ + count - start, MADV_DONTNEED);
  }
  void forget() const { forget(0, length_ - skipped_); }

 private:
  // A mapping of a file for which there is no room would end in a signal.
  static void reserve(int fd, const golden::TensorFile& tensor) {
    const int error = tensor.bytes == 0
                          ? 0
                          : posix_fallocate(fd, static_cast<off_t>(tensor.offset), static_cast<off_t>(tensor.bytes));
    if (error != ENOSPC && error != EDQUOT && error != EFBIG) return;
    close(fd);
    throw Error(fmt::format("{}: no room for {} bytes: {}", tensor.path.string(), tensor.bytes, std::strerror(error)));
  }

  void* data_ = nullptr;
  std::uint64_t skipped_ = 0, length_ = 0;
};

// A file that is written to, stretch by stretch.
class Writer {
 public:
  explicit Writer(const golden::TensorFile& tensor) : tensor_(tensor), fd_(open(tensor.path.c_str(), O_WRONLY)) {
    if (fd_ < 0) refuse();
  }
  ~Writer() { close(fd_); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // From byte `first` of the tensor on. Several threads may call it.
  void write(std::int64_t first, std::span<const std::byte> bytes) const {
    auto place = static_cast<off_t>(tensor_.offset) + first;
    while (!bytes.empty()) {
      const ssize_t written = pwrite(fd_, bytes.data(), bytes.size(), place);
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) refuse();
      place += written;
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
  }

 private:
  [[noreturn]] void refuse() const {
    throw Error(fmt::format("{}: cannot be written: {}", tensor_.path.string(), std::strerror(errno)));
  }

  const golden::TensorFile& tensor_;
  int fd_;
};

// A file that is removed unless it is kept.
class Unfinished {
 public:
  explicit Unfinished(std::filesystem::path path) : path_(std::move(path)) {}
  ~Unfinished() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

Extent extent_of_shape(const RepackRequest& request, const golden::TensorFile& tensor) {
  const Layout& layout = *request.from;
  const auto wrong = [&](const std::string& what) {
    throw Error(fmt::format("{}: {} {} {}; give the weight's rows and columns with --shape", request.input.string(),
                            to_string(tensor.dtype), to_string(tensor.shape), what));
  };
  if (layout.row_multiple != 1) wrong(fmt::format("does not say how many rows {} holds", layout.name));
  if (tensor.shape.size() < 2 || element_count(tensor.shape) == 0) wrong("does not say where a row ends");
  const std::int64_t rows = element_count({tensor.shape.begin(), tensor.shape.end() - 1});
  const std::int64_t row_bits = static_cast<std::int64_t>(tensor.bytes) / rows * 8;
  const Extent extent{rows, row_bits / layout.bits};
  if (row_bits % layout.bits != 0 || layout.padded(extent) != extent) wrong("is no whole number of codes a row");
  return extent;
}

Extent check_extent(const RepackRequest& request, const golden::TensorFile& tensor) {
  const Extent extent = request.extent ? *request.extent : extent_of_shape(request, tensor);
  const std::int64_t expected = request.from->size_bytes(extent);
  if (expected == static_cast<std::int64_t>(tensor.bytes)) return extent;
  throw Error(fmt::format("{}: {} of {} x {} codes has {} bytes; the tensor, {} {}, has {}", request.input.string(),
                          request.from->name, extent.rows, extent.columns, expected, to_string(tensor.dtype),
                          to_string(tensor.shape), tensor.bytes));
}

// A row of the result for each row of the weight where rows do not share bytes.
Shape output_shape(const Layout& layout, Extent extent) {
  const std::int64_t elements = layout.size_bytes(extent) / info(layout.container).size_bytes;
  const bool by_row = layout.row_multiple == 1 && extent.rows > 0 && elements % extent.rows == 0;
  return by_row ? Shape{extent.rows, elements / extent.rows} : Shape{elements};
}

// Each thread has a slab of its own. False if it was stopped, as below.
bool repack_slabs(const RepackRequest& request, Extent extent, const RowSlabs& slabs, const Mapping& from,
                  const Writer& to) {
  WorkOptions options{request.threads, {}, request.should_stop};
  if (request.on_progress) {
    options.on_progress = [&](std::int64_t done) {
      request.on_progress(static_cast<double>(done) / static_cast<double>(slabs.count));
    };
  }
  RepackRequest of_slab{request.from, request.to, {}, {}};
  of_slab.add = request.add;
  const auto slab_rows = [&](std::int64_t number) { return std::min(slabs.rows, extent.rows - number * slabs.rows); };
  const Repacking first_one(of_slab, {slab_rows(0), extent.columns});
  const Repacking last_one(of_slab, {slab_rows(slabs.count - 1), extent.columns});
  return share_work(slabs.count, options, [&](std::int64_t number) {
    RepackRequest own = of_slab;
    own.first_row = number * slabs.rows;
    const Extent slab{slab_rows(number), extent.columns};
    const auto first = static_cast<std::size_t>(number * slabs.from_bytes);
    const auto count = static_cast<std::size_t>(request.from->size_bytes(slab));
    AlignedBytes packed(request.to->size_bytes(slab));
    const Repacking& repacking = number + 1 == slabs.count ? last_one : first_one;
    (void)repacking(own, from.bytes().subspan(first, count), packed.bytes());
    to.write(number * slabs.to_bytes, packed.bytes());
    from.forget(first, count);
  });
}

// All rows together, giving pages back now and then.
bool repack_mapped(const RepackRequest& request, Extent extent, const Mapping& from, const Mapping& to) {
  RepackRequest watched = request;
  // A page holds bytes of several tiles, which are moved at other times.
  const double share = static_cast<double>(request.memory_bytes) / 8 /
                       static_cast<double>(std::max<std::size_t>(1, from.bytes().size() + to.bytes().size()));
  watched.on_progress = [&, next = share](double done) mutable {
    if (request.on_progress) request.on_progress(done);
    if (done < next) return;
    from.forget();
    to.forget();
    next = done + share;
  };
  return repack_codes(watched, extent, from.bytes(), to.bytes());
}

// In memory, and then to the file at once: pages of a mapping that is written to cost more.
bool repack_in_memory(const RepackRequest& request, Extent extent, const Mapping& from,
                      const golden::TensorFile& output) {
  AlignedBytes packed(static_cast<std::int64_t>(output.bytes));
  if (!repack_codes(request, extent, from.bytes(), packed.bytes())) return false;
  Writer(output).write(0, packed.bytes());
  return true;
}

bool repack_tensor(const RepackRequest& request, Extent extent, const golden::TensorFile& input,
                   const golden::TensorFile& output) {
  const Mapping from(input, false);
  // Every thread has some, and two slabs in memory.
  const std::int64_t for_each = static_cast<std::int64_t>(input.bytes) / (4 * request.threads);
  const std::int64_t most = std::clamp(request.memory_bytes / (2 * request.threads), kLeastSlabBytes, kMostSlabBytes);
  const std::int64_t slab_bytes = std::clamp(for_each, kLeastSlabBytes, most);
  if (const auto slabs = row_slabs(*request.from, *request.to, extent, slab_bytes)) {
    return repack_slabs(request, extent, *slabs, from, Writer(output));
  }
  if (static_cast<std::int64_t>(output.bytes) <= request.memory_bytes) {
    return repack_in_memory(request, extent, from, output);
  }
  return repack_mapped(request, extent, from, Mapping(output, true));
}

}  // namespace

RepackResult repack_file(const RepackRequest& request) {
  if (request.from->bits != request.to->bits) {
    throw Error(fmt::format("--to: {} has codes of {} bits, expected {} as {}", request.to->name, request.to->bits,
                            request.from->bits, request.from->name));
  }
  const Unfinished scratch(request.output.string() + ".scratch"), part(request.output.string() + ".part");
  const golden::TensorFile input = golden::find_tensor(request.input, request.tensor, scratch.path());
  const Extent extent = check_extent(request, input);
  const std::string name = input.name.empty() ? "packed" : input.name;
  const golden::TensorFile output = golden::create_tensor(part.path(), request.output, name, request.to->container,
                                                          output_shape(*request.to, extent));
  const bool finished = repack_tensor(request, extent, input, output);
  if (finished) std::filesystem::rename(part.path(), request.output);
  return {extent, static_cast<std::int64_t>(input.bytes), static_cast<std::int64_t>(output.bytes), finished};
}

}  // namespace plumb
