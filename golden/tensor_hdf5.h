// HDF5 datasets as places of bytes (see tensor_file.h).
#pragma once

#include "golden/tensor_file.h"

namespace plumb::golden {

/// The dataset at HDF5 path `name`, or the only one in the file.
[[nodiscard]] TensorFile find_in_hdf5(const std::filesystem::path& path, const std::string& name,
                                      const std::filesystem::path& scratch);
/// A new file with one contiguous dataset.
[[nodiscard]] TensorFile create_in_hdf5(const std::filesystem::path& path, const std::string& name, DType dtype,
                                        const Shape& shape);

}  // namespace plumb::golden
