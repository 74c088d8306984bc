// HDF5 objects that own themselves and know their place, so that every complaint names file and HDF5 path.
#pragma once

#include <hdf5.h>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "golden/golden.h"

namespace plumb::golden {

/// Owns one HDF5 identifier of any kind.
class Handle {
 public:
  explicit Handle(hid_t id) : id_(id) {}
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, H5I_INVALID_HID)) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    return *this;
  }
  ~Handle() {
    if (id_ >= 0) H5Idec_ref(id_);
  }
  [[nodiscard]] hid_t id() const { return id_; }

 private:
  hid_t id_;
};

/// An open group or dataset.
class Node {
 public:
  /// The root group of a file, opened for reading. Nothing but the HDF5 file itself is ever opened: no plugin, and no
  /// second file.
  [[nodiscard]] static Node open_file(const std::filesystem::path& path);

  /// The member `name`, which must be a group or a dataset, and a hard link: links into other files are refused.
  [[nodiscard]] Node group(const std::string& name) const { return open(name, H5I_GROUP); }
  [[nodiscard]] Node dataset(const std::string& name) const { return open(name, H5I_DATASET); }

  /// Names of a group's members, sorted; of an object's attributes, sorted. All are printable UTF-8.
  [[nodiscard]] std::vector<std::string> member_names() const;
  [[nodiscard]] std::vector<std::string> attribute_names() const;

  /// A scalar attribute: integers of any width that fit int64, floating point up to f64, text.
  [[nodiscard]] Attribute attribute(const std::string& name) const;
  /// As above; nothing if there is none; refused if it is no text.
  [[nodiscard]] std::optional<std::string> text(const std::string& name) const;
  /// A list of integers; nothing if there is none.
  [[nodiscard]] std::optional<std::vector<std::int64_t>> integers(const std::string& name) const;

  [[nodiscard]] hid_t id() const { return handle_.id(); }

  /// Throws plumb::Error: "FILE: PATH: complaint".
  [[noreturn]] void refuse(const std::string& complaint) const;
  /// Refuses with HDF5's innermost message if a call of the library failed; else gives back what it returned.
  template <class Status>
  Status check(Status status, const char* doing) const {
    if (status < 0) refuse_call(doing);
    return status;
  }

 private:
  Node(Handle handle, std::string file, std::string place)
      : handle_(std::move(handle)), file_(std::move(file)), place_(std::move(place)) {}
  Node open(const std::string& name, H5I_type_t kind) const;
  void check_name(const std::string& name) const;
  std::string read_text(const std::string& name, const Handle& attribute, const Handle& type) const;
  [[noreturn]] void refuse_call(const char* doing) const;

  Handle handle_;
  std::string file_;
  std::string place_;
};

}  // namespace plumb::golden
