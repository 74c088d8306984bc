#include "golden/hdf5_node.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>

#include "golden/utf8.h"
#include "reference/error.h"

namespace plumb::golden {
namespace {

constexpr std::size_t kMaxTextBytes = std::size_t{16} << 20;
constexpr hsize_t kMaxRank = 32;  // HDF5's own limit

// HDF5 keeps a stack of messages; the innermost says what really happened ("truncated file: eof = …").
std::string library_message() {
  std::string message;
  const auto keep_first = [](unsigned, const H5E_error2_t* error, void* out) -> herr_t {
    auto& text = *static_cast<std::string*>(out);
    if (text.empty() && error->desc) text = error->desc;
    return 0;
  };
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_first, &message);
  return message.empty() ? "HDF5 gives no reason" : "HDF5: " + message;
}

using Names = std::vector<std::string>;

}  // namespace

Node Node::open_file(const std::filesystem::path& path) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  H5PLset_loading_state(0);
  const Handle access(H5Pcreate(H5P_FILE_ACCESS));
  H5Pset_file_locking(access.id(), false, true);
  const Node file(Handle(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.id())), path.string(), "/");
  file.check(file.id(), "opening it as HDF5");
  Node root(Handle(H5Gopen2(file.id(), "/", H5P_DEFAULT)), path.string(), "/");
  root.check(root.id(), "opening the root group");
  return root;
}

Node Node::open(const std::string& name, H5I_type_t kind) const {
  const char* kind_name = kind == H5I_GROUP ? "a group" : "a dataset";
  const bool at_root = place_.size() == 1;
  Node node(Handle(H5I_INVALID_HID), file_, at_root ? place_ + name : place_ + "/" + name);
  if (check(H5Lexists(id(), name.c_str(), H5P_DEFAULT), "looking for a member") == 0)
    node.refuse(std::string("expected ") + kind_name + ", found nothing");
  H5L_info_t link{};
  node.check(H5Lget_info(id(), name.c_str(), &link, H5P_DEFAULT), "reading a link");
  if (link.type != H5L_TYPE_HARD) node.refuse(std::string("expected ") + kind_name + ", found a soft or external link");
  node.handle_ = Handle(H5Oopen(id(), name.c_str(), H5P_DEFAULT));
  node.check(node.id(), "opening it");
  if (H5Iget_type(node.id()) != kind)
    node.refuse(std::string("expected ") + kind_name + ", found another kind of object");
  return node;
}

std::vector<std::string> Node::member_names() const {
  const auto collect = [](hid_t, const char* name, const H5L_info_t*, void* out) -> herr_t {
    static_cast<Names*>(out)->emplace_back(name);
    return 0;
  };
  Names names;
  check(H5Literate(id(), H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, collect, &names), "listing its members");
  for (const std::string& name : names) check_name(name);
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> Node::attribute_names() const {
  const auto collect = [](hid_t, const char* name, const H5A_info_t*, void* out) -> herr_t {
    static_cast<Names*>(out)->emplace_back(name);
    return 0;
  };
  Names names;
  check(H5Aiterate2(id(), H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, collect, &names), "listing its attributes");
  for (const std::string& name : names) check_name(name);
  std::sort(names.begin(), names.end());
  return names;
}

void Node::check_name(const std::string& name) const {
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  if (name.empty() || name == "." || name.find('/') != name.npos || !is_utf8(name) ||
      std::any_of(name.begin(), name.end(), is_control))
    refuse("expected names of printable UTF-8, found one that is not");
}

Attribute Node::attribute(const std::string& name) const {
  const Handle attribute(check(H5Aopen(id(), name.c_str(), H5P_DEFAULT), "opening an attribute"));
  const Handle space(check(H5Aget_space(attribute.id()), "reading an attribute's shape"));
  const Handle type(check(H5Aget_type(attribute.id()), "reading an attribute's type"));
  if (H5Sget_simple_extent_type(space.id()) != H5S_SCALAR)
    refuse("expected attribute " + name + " to be one value, found a list");
  const H5T_class_t kind = H5Tget_class(type.id());
  if (kind == H5T_STRING) return read_text(name, attribute, type);
  if (kind == H5T_FLOAT && H5Tget_size(type.id()) <= sizeof(double)) {
    double value = 0;
    check(H5Aread(attribute.id(), H5T_NATIVE_DOUBLE, &value), "reading an attribute");
    return value;
  }
  if (kind != H5T_INTEGER || H5Tget_size(type.id()) > sizeof(std::int64_t))
    refuse("expected attribute " + name + " to be an integer, a floating-point number or text, found another type");
  std::int64_t value = 0;
  const bool is_signed = H5Tget_sign(type.id()) == H5T_SGN_2;
  check(H5Aread(attribute.id(), is_signed ? H5T_NATIVE_INT64 : H5T_NATIVE_UINT64, &value), "reading an attribute");
  if (!is_signed && value < 0) refuse("expected attribute " + name + " to fit int64, found a larger number");
  return value;
}

std::string Node::read_text(const std::string& name, const Handle& attribute, const Handle& type) const {
  std::string value;
  if (check(H5Tis_variable_str(type.id()), "reading an attribute's type") > 0) {
    char* text = nullptr;
    check(H5Aread(attribute.id(), type.id(), &text), "reading an attribute");
    const std::unique_ptr<char, herr_t (*)(void*)> owner(text, H5free_memory);
    if (text) value = text;
  } else {
    const std::size_t size = H5Tget_size(type.id());
    if (size > kMaxTextBytes)
      refuse("expected attribute " + name + " to be shorter, found " + std::to_string(size) + " bytes");
    value.resize(size);
    check(H5Aread(attribute.id(), type.id(), value.data()), "reading an attribute");
    value.resize(std::strlen(value.c_str()));
    if (H5Tget_strpad(type.id()) == H5T_STR_SPACEPAD) value.resize(value.find_last_not_of(' ') + 1);
  }
  if (!is_utf8(value)) refuse("expected attribute " + name + " to be UTF-8, found other bytes");
  return value;
}

std::optional<std::string> Node::text(const std::string& name) const {
  if (check(H5Aexists(id(), name.c_str()), "looking for an attribute") == 0) return std::nullopt;
  const Attribute value = attribute(name);
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  refuse("expected attribute " + name + " to be text, found a number");
}

std::optional<std::vector<std::int64_t>> Node::integers(const std::string& name) const {
  if (check(H5Aexists(id(), name.c_str()), "looking for an attribute") == 0) return std::nullopt;
  const Handle attribute(check(H5Aopen(id(), name.c_str(), H5P_DEFAULT), "opening an attribute"));
  const Handle space(check(H5Aget_space(attribute.id()), "reading an attribute's shape"));
  const Handle type(check(H5Aget_type(attribute.id()), "reading an attribute's type"));
  const hssize_t count = check(H5Sget_simple_extent_npoints(space.id()), "reading an attribute's shape");
  if (H5Sget_simple_extent_type(space.id()) != H5S_SIMPLE || H5Sget_simple_extent_ndims(space.id()) != 1 ||
      count > static_cast<hssize_t>(kMaxRank) || H5Tget_class(type.id()) != H5T_INTEGER)
    refuse("expected attribute " + name + " to be a list of at most 32 integers, found something else");
  std::vector<std::int64_t> values(static_cast<std::size_t>(count));
  if (count > 0) check(H5Aread(attribute.id(), H5T_NATIVE_INT64, values.data()), "reading an attribute");
  return values;
}

void Node::refuse(const std::string& complaint) const { throw Error(file_ + ": " + place_ + ": " + complaint); }

void Node::refuse_call(const char* doing) const { refuse(std::string(doing) + " failed (" + library_message() + ")"); }

}  // namespace plumb::golden
