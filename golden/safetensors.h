// Every tensor of a .safetensors file, mapped into memory: https://huggingface.co/docs/safetensors
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "reference/mapped_file.h"
#include "reference/tensor.h"

namespace plumb::golden {

/// A tensor whose elements lie in a mapped file: row-major, little-endian, not necessarily aligned.
struct MappedTensor {
  DType dtype;
  Shape shape;
  const std::byte* data;
};

/// A file kept mapped as long as this lives.
class Safetensors {
 public:
  /// Reads the header and checks every entry. Throws Error naming file and tensor for a file that is missing, truncated
  /// or damaged, for an entry whose offsets do not fit its shape, and for one that reaches beyond the file's end.
  explicit Safetensors(const std::filesystem::path& path);

  [[nodiscard]] const std::filesystem::path& path() const { return file_->path(); }
  /// Tensors of element types that plumb::DType has, unsigned ones of 32 and 64 bits as i32 and i64; others are in
  /// `foreign`, by the name of their type.
  [[nodiscard]] const std::map<std::string, MappedTensor>& tensors() const { return tensors_; }
  [[nodiscard]] const std::map<std::string, std::string>& foreign() const { return foreign_; }
  /// Where the elements of one of the tensors begin in the file.
  [[nodiscard]] std::uint64_t offset_of(const MappedTensor& tensor) const {
    return static_cast<std::uint64_t>(tensor.data - file_->bytes().data());
  }

 private:
  void read_header();

  std::shared_ptr<const MappedFile> file_;
  std::map<std::string, MappedTensor> tensors_;
  std::map<std::string, std::string> foreign_;
};

}  // namespace plumb::golden
