// One tensor inside a .npy, .safetensors or HDF5 file, as the place of its bytes: so that a tensor larger than memory
// can be mapped.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "reference/tensor.h"

namespace plumb::golden {

/// Where a tensor's elements lie, row-major and little-endian, without gaps.
struct TensorFile {
  std::filesystem::path path;  ///< The file itself, or a scratch copy of an HDF5 dataset that is compressed or chunked.
  std::string name;            ///< Of the dataset or tensor; empty for .npy.
  DType dtype;                 ///< Unsigned types of 32 and 64 bits count as i32 and i64: only bits matter here.
  Shape shape;
  std::uint64_t offset, bytes;  ///< Of the elements in `path`.
};

/// Finds tensor `name` (empty: the only one there is) in a file whose format its extension says. An HDF5 dataset that
/// is not contiguous is first written to `scratch`. HDF5 is read in a child process.
/// Throws Error naming the file for an unknown extension, a damaged or truncated file, a tensor that is not there, not
/// unique, of big-endian or Fortran order, or of an element type that holds no codes.
[[nodiscard]] TensorFile find_tensor(const std::filesystem::path& path, const std::string& name,
                                     const std::filesystem::path& scratch);

/// Creates a file with room for one tensor, zeroed, in the format that the extension of `as` says.
/// Throws Error if it cannot be written.
[[nodiscard]] TensorFile create_tensor(const std::filesystem::path& path, const std::filesystem::path& as,
                                       const std::string& name, DType dtype, const Shape& shape);

}  // namespace plumb::golden
