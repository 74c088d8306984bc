// Test support: small golden files, right or wrong in one chosen way.
#pragma once

#include <hdf5.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "golden/hdf5_node.h"
#include "reference/error.h"

namespace plumb::golden {

/// A folder of this process, removed with everything in it at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() : path_(std::filesystem::temp_directory_path() / ("plumb_golden_" + std::to_string(getpid()))) {
    std::filesystem::create_directories(path_);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// An HDF5 file being written. A fresh one is a right golden file of one case "a" with neither inputs nor outputs.
class Draft {
 public:
  explicit Draft(const std::filesystem::path& path)
      : file_(made(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT))) {
    text("/", "format", "plumbline-golden/1");
    for (const char* name : {"source", "generator", "note"}) text("/", name, "made by a test");
    group("/cases/a");
    text("/cases/a", "op", "test.operation");
  }

  [[nodiscard]] hid_t id() const { return file_.id(); }

  void group(const std::string& path) {
    const Handle links(made(H5Pcreate(H5P_LINK_CREATE)));
    H5Pset_create_intermediate_group(links.id(), 1);
    (void)Handle(made(H5Gcreate2(id(), path.c_str(), links.id(), H5P_DEFAULT, H5P_DEFAULT)));
  }

  /// Attributes; one of the same name is replaced.
  void text(const std::string& object, const std::string& name, const std::string& value) {
    const Handle type(made(H5Tcopy(H5T_C_S1)));
    H5Tset_size(type.id(), value.size() + 1);
    attribute(object, name, type.id(), {}, value.c_str());
  }
  void attribute(const std::string& object, const std::string& name, hid_t type, const std::vector<hsize_t>& shape,
                 const void* data) {
    remove_attribute(object, name);
    const Handle space(made_space(shape));
    const Handle made_attribute(made(H5Acreate_by_name(id(), object.c_str(), name.c_str(), type, space.id(),
                                                       H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)));
    made(H5Awrite(made_attribute.id(), type, data));
  }
  void remove_attribute(const std::string& object, const std::string& name) {
    if (H5Aexists_by_name(id(), object.c_str(), name.c_str(), H5P_DEFAULT) > 0)
      made(H5Adelete_by_name(id(), object.c_str(), name.c_str(), H5P_DEFAULT));
  }

  /// A dataset; without data its values are never written.
  void dataset(const std::string& path, hid_t type, const std::vector<hsize_t>& shape, const void* data,
               hid_t creation = H5P_DEFAULT) {
    const Handle links(made(H5Pcreate(H5P_LINK_CREATE)));
    H5Pset_create_intermediate_group(links.id(), 1);
    const Handle space(made_space(shape));
    const Handle dataset(made(H5Dcreate2(id(), path.c_str(), type, space.id(), links.id(), creation, H5P_DEFAULT)));
    if (data) made(H5Dwrite(dataset.id(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data));
  }

  template <class Status>
  static Status made(Status status) {
    if (status < 0) throw Error("the test cannot write its file");
    return status;
  }

 private:
  static hid_t made_space(const std::vector<hsize_t>& shape) {
    return made(shape.empty() ? H5Screate(H5S_SCALAR)
                              : H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr));
  }

  Handle file_;
};

}  // namespace plumb::golden
