#include "golden/tensor_hdf5.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "golden/hdf5_node.h"
#include "golden/isolated.h"
#include "reference/byte_count.h"
#include "reference/error.h"

namespace plumb::golden {
namespace {

constexpr hsize_t kCopiedBytes = hsize_t{16} << 20;  // at a time

DType integer_type(const Node& dataset, const Handle& type) {
  const bool is_integer = H5Tget_class(type.id()) == H5T_INTEGER;
  const std::size_t size = H5Tget_size(type.id());
  if (!is_integer || (size > 1 && H5Tget_order(type.id()) != H5T_ORDER_LE) || (size != 1 && size != 4 && size != 8)) {
    dataset.refuse("expected elements that hold codes (little-endian integers of 8, 32 or 64 bits)");
  }
  if (size == 1) return H5Tget_sign(type.id()) == H5T_SGN_NONE ? DType::u8 : DType::i8;
  return size == 4 ? DType::i32 : DType::i64;
}

// Paths of all datasets below a group.
void collect_datasets(const Node& group, const std::string& prefix, std::vector<std::string>& found) {
  for (const std::string& name : group.member_names()) {
    H5O_info_t object{};
    group.check(H5Oget_info_by_name(group.id(), name.c_str(), &object, H5P_DEFAULT), "reading a member");
    const std::string place = prefix.empty() ? name : prefix + "/" + name;
    if (object.type == H5O_TYPE_DATASET) found.push_back(place);
    if (object.type == H5O_TYPE_GROUP) collect_datasets(group.group(name), place, found);
  }
}

Node open_dataset(const Node& root, const std::string& place) {
  const std::size_t slash = place.find('/');
  if (slash == std::string::npos) return root.dataset(place);
  return open_dataset(root.group(place.substr(0, slash)), place.substr(slash + 1));
}

Shape shape_of(const Node& dataset, const Handle& space) {
  const int rank = dataset.check(H5Sget_simple_extent_ndims(space.id()), "reading its rank");
  std::vector<hsize_t> extent(static_cast<std::size_t>(rank));
  if (rank > 0) dataset.check(H5Sget_simple_extent_dims(space.id(), extent.data(), nullptr), "reading its shape");
  return {extent.begin(), extent.end()};
}

// Copies the elements, some rows at a time, to a file of their own.
void copy_elements(const Node& dataset, const Handle& type, const Handle& space, const Shape& shape,
                   const std::filesystem::path& to) {
  std::ofstream out(to, std::ios::binary | std::ios::trunc);
  const auto rows = shape.empty() ? 1 : static_cast<hsize_t>(shape[0]);
  const auto total = static_cast<hsize_t>(byte_count(integer_type(dataset, type), shape));
  const hsize_t row_bytes = rows == 0 ? 0 : total / rows;
  const hsize_t step = std::max<hsize_t>(1, row_bytes == 0 ? rows : kCopiedBytes / std::max<hsize_t>(1, row_bytes));
  std::vector<hsize_t> start(shape.size(), 0), count(shape.begin(), shape.end());
  std::vector<char> buffer;
  for (hsize_t row = 0; row < rows && total > 0; row += step) {
    const hsize_t taken = std::min(step, rows - row);
    hid_t part = H5S_ALL;
    Handle memory(H5I_INVALID_HID);
    if (!shape.empty()) {
      start[0] = row;
      count[0] = taken;
      dataset.check(H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr),
                    "selecting rows");
      memory = Handle(H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr));
      part = memory.id();
    }
    buffer.resize(taken * row_bytes);
    dataset.check(
        H5Dread(dataset.id(), type.id(), part, shape.empty() ? H5S_ALL : space.id(), H5P_DEFAULT, buffer.data()),
        "reading elements");
    out.write(buffer.data(), static_cast<std::streamsize>(buffer.size()));
  }
  if (!out.flush()) throw Error(fmt::format("{}: cannot be written", to.string()));
}

std::string describe(const std::filesystem::path& path, const std::string& wanted,
                     const std::filesystem::path& scratch) {
  const Node root = Node::open_file(path);
  std::vector<std::string> places;
  collect_datasets(root, "", places);
  const std::string place = wanted.empty() && places.size() == 1 ? places[0] : wanted;
  if (std::ranges::find(places, place) == places.end()) {
    places.resize(std::min<std::size_t>(places.size(), 20));
    throw Error(
        fmt::format("{}: --tensor: expected one of {}, got '{}'", path.string(), fmt::join(places, ", "), place));
  }
  const Node dataset = open_dataset(root, place);
  const Handle type(H5Dget_type(dataset.id())), space(H5Dget_space(dataset.id()));
  const DType dtype = integer_type(dataset, type);
  const Shape shape = shape_of(dataset, space);
  const haddr_t address = H5Dget_offset(dataset.id());
  const bool contiguous = address != HADDR_UNDEF;
  if (!contiguous) copy_elements(dataset, type, space, shape, scratch);
  return nlohmann::json{{"name", place},
                        {"dtype", static_cast<int>(dtype)},
                        {"shape", shape},
                        {"offset", contiguous ? address : 0},
                        {"contiguous", contiguous}}
      .dump();
}

}  // namespace

TensorFile find_in_hdf5(const std::filesystem::path& path, const std::string& name,
                        const std::filesystem::path& scratch) {
  const Limits limits{.time = std::chrono::hours(1)};
  const auto found = nlohmann::json::parse(run_isolated(
      path.string(), [&] { return describe(path, name, scratch); }, limits));
  const auto dtype = static_cast<DType>(found["dtype"].get<int>());
  const auto shape = found["shape"].get<Shape>();
  return {found["contiguous"].get<bool>() ? path : scratch,    found["name"], dtype, shape, found["offset"],
          static_cast<std::uint64_t>(byte_count(dtype, shape))};
}

TensorFile create_in_hdf5(const std::filesystem::path& path, const std::string& name, DType dtype, const Shape& shape) {
  const hid_t types[] = {H5T_STD_U8LE, H5T_STD_I8LE, H5T_STD_I32LE, H5T_STD_I64LE};
  const std::vector<hsize_t> extent(shape.begin(), shape.end());
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  const Handle file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
  const Handle space(H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr));
  const Handle groups(H5Pcreate(H5P_LINK_CREATE)), storage(H5Pcreate(H5P_DATASET_CREATE));
  H5Pset_create_intermediate_group(groups.id(), 1);
  H5Pset_alloc_time(storage.id(), H5D_ALLOC_TIME_EARLY);
  const Handle dataset(H5Dcreate2(file.id(), name.c_str(), types[static_cast<int>(dtype) - 1], space.id(), groups.id(),
                                  storage.id(), H5P_DEFAULT));
  const haddr_t address = dataset.id() < 0 ? HADDR_UNDEF : H5Dget_offset(dataset.id());
  if (address == HADDR_UNDEF) throw Error(fmt::format("{}: cannot be written as HDF5", path.string()));
  return {path, name, dtype, shape, address, static_cast<std::uint64_t>(byte_count(dtype, shape))};
}

}  // namespace plumb::golden
