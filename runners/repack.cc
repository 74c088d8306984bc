#include "runners/repack.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "golden/tensor_file.h"
#include "reference/error.h"

namespace plumb {
namespace {

// Part of a file in memory; pages come and go as the system sees fit.
class Mapping {
 public:
  Mapping(const golden::TensorFile& tensor, bool writable) {
    const int fd = open(tensor.path.c_str(), writable ? O_RDWR : O_RDONLY);
    const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    skipped_ = tensor.offset % page;
    length_ = tensor.bytes + skipped_;
    if (fd >= 0 && tensor.bytes > 0) {
      data_ = mmap(nullptr, length_, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd,
                   static_cast<off_t>(tensor.offset - skipped_));
    }
    const int error = errno;
    if (fd >= 0) close(fd);
    if (data_ != nullptr && data_ != MAP_FAILED) madvise(data_, length_, MADV_SEQUENTIAL);
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

 private:
  void* data_ = nullptr;
  std::uint64_t skipped_ = 0, length_ = 0;
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
  bool finished = false;
  {
    const Mapping from(input, false), to(output, true);
    finished = repack_codes(request, extent, from.bytes(), to.bytes());
  }
  if (finished) std::filesystem::rename(part.path(), request.output);
  return {extent, static_cast<std::int64_t>(input.bytes), static_cast<std::int64_t>(output.bytes), finished};
}

}  // namespace plumb
