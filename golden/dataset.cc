#include "golden/dataset.h"

#include <algorithm>
#include <array>

namespace plumb::golden {
namespace {

using Shape = std::vector<hsize_t>;

struct ElementType {
  const char* name;
  hid_t little;  // as files have it, in either byte order
  hid_t big;
  hid_t native;  // as we want it
};

// HDF5 1.10 has no half: IEEE binary16 spelt out in its terms (sign, exponent and fraction as bit position and width).
hid_t make_f16(H5T_order_t order) {
  const hid_t type = H5Tcopy(H5T_IEEE_F32LE);
  H5Tset_fields(type, 15, 10, 5, 0, 10);
  H5Tset_size(type, 2);
  H5Tset_ebias(type, 15);
  H5Tset_order(type, order);
  return type;
}

// What is there? Type identifiers exist only at run time, and live as long as the library.
const std::vector<ElementType>& element_types() {
  static const std::vector<ElementType> types = {
      {"u8", H5T_STD_U8LE, H5T_STD_U8BE, H5T_NATIVE_UINT8},
      {"i8", H5T_STD_I8LE, H5T_STD_I8BE, H5T_NATIVE_INT8},
      {"u16", H5T_STD_U16LE, H5T_STD_U16BE, H5T_NATIVE_UINT16},
      {"i16", H5T_STD_I16LE, H5T_STD_I16BE, H5T_NATIVE_INT16},
      {"u32", H5T_STD_U32LE, H5T_STD_U32BE, H5T_NATIVE_UINT32},
      {"i32", H5T_STD_I32LE, H5T_STD_I32BE, H5T_NATIVE_INT32},
      {"u64", H5T_STD_U64LE, H5T_STD_U64BE, H5T_NATIVE_UINT64},
      {"i64", H5T_STD_I64LE, H5T_STD_I64BE, H5T_NATIVE_INT64},
      {"f16", make_f16(H5T_ORDER_LE), make_f16(H5T_ORDER_BE), make_f16(H5Tget_order(H5T_NATIVE_FLOAT))},
      {"f32", H5T_IEEE_F32LE, H5T_IEEE_F32BE, H5T_NATIVE_FLOAT},
      {"f64", H5T_IEEE_F64LE, H5T_IEEE_F64BE, H5T_NATIVE_DOUBLE},
  };
  return types;
}

const ElementType& element_type(const Node& node) {
  const Handle type(node.check(H5Dget_type(node.id()), "reading its element type"));
  for (const ElementType& candidate : element_types())
    if (H5Tequal(type.id(), candidate.little) > 0 || H5Tequal(type.id(), candidate.big) > 0) return candidate;
  static constexpr std::array<const char*, 11> kClasses = {"integer",    "floating-point",  "time",     "string",
                                                           "bit field",  "opaque",          "compound", "reference",
                                                           "enumerated", "variable-length", "array"};
  const auto kind = static_cast<std::size_t>(H5Tget_class(type.id()));
  node.refuse("expected elements u8 i8 u16 i16 u32 i32 u64 i64 f16 f32 or f64, found an unsupported " +
              std::string(kind < kClasses.size() ? kClasses[kind] : "unknown") + " type of " +
              std::to_string(H5Tget_size(type.id())) + " bytes");
}

// bytes = element_bytes * product(shape), refused as soon as it passes the budget, so that nothing overflows.
std::int64_t bytes_within(const Node& node, const Shape& shape, std::size_t element_bytes, std::int64_t budget_bytes) {
  if (std::find(shape.begin(), shape.end(), hsize_t{0}) != shape.end()) return 0;
  auto bytes = static_cast<std::int64_t>(element_bytes);
  for (const hsize_t size : shape) {
    if (size > static_cast<hsize_t>(budget_bytes / bytes))
      node.refuse("expected at most " + std::to_string(kMaxFileBytes) + " bytes of data in the file, found more");
    bytes *= static_cast<std::int64_t>(size);
  }
  return bytes;
}

Shape read_shape(const Node& node, const Handle& space) {
  if (H5Sget_simple_extent_type(space.id()) == H5S_NULL)
    node.refuse("expected a tensor, found a dataset without values");
  Shape shape(static_cast<std::size_t>(node.check(H5Sget_simple_extent_ndims(space.id()), "reading its shape")));
  node.check(H5Sget_simple_extent_dims(space.id(), shape.data(), nullptr), "reading its shape");
  return shape;
}

void check_filters(const Node& node, const Handle& creation) {
  const int count = node.check(H5Pget_nfilters(creation.id()), "reading its filters");
  for (unsigned i = 0; i < static_cast<unsigned>(count); ++i) {
    unsigned flags = 0;
    std::size_t values = 0;
    const H5Z_filter_t filter = H5Pget_filter2(creation.id(), i, &flags, &values, nullptr, 0, nullptr, nullptr);
    if (filter != H5Z_FILTER_DEFLATE && filter != H5Z_FILTER_SHUFFLE && filter != H5Z_FILTER_FLETCHER32)
      node.refuse("expected filters gzip, shuffle or fletcher32, found filter " + std::to_string(filter));
  }
}

// HDF5 reads a chunk that is not there as zeros, and one whose filter mask says so without unpacking or checking it.
void check_chunks(const Node& node, const Handle& creation, const Handle& space, const Shape& shape, std::size_t size) {
  check_filters(node, creation);
  Shape chunk(shape.size());
  const int rank = static_cast<int>(shape.size());
  if (H5Pget_chunk(creation.id(), rank, chunk.data()) != rank || std::count(chunk.begin(), chunk.end(), hsize_t{0}))
    node.refuse("expected chunks of the dataset's rank, found others");
  bytes_within(node, chunk, size, kMaxFileBytes);
  hsize_t expected = 1;
  for (std::size_t d = 0; d < shape.size(); ++d) expected *= (shape[d] + chunk[d] - 1) / chunk[d];
  hsize_t found = 0;
  node.check(H5Dget_num_chunks(node.id(), space.id(), &found), "counting its chunks");
  if (found != expected)
    node.refuse("expected " + std::to_string(expected) + " chunks, found " + std::to_string(found));
  for (hsize_t i = 0; i < found; ++i) {
    unsigned skipped_filters = 0;
    node.check(H5Dget_chunk_info(node.id(), space.id(), i, nullptr, &skipped_filters, nullptr, nullptr),
               "finding a chunk");
    if (skipped_filters != 0) node.refuse("expected every chunk to pass all filters, found one that skips some");
  }
}

void check_storage(const Node& node, const Handle& space, const Shape& shape, std::size_t size, std::int64_t bytes) {
  const Handle creation(node.check(H5Dget_create_plist(node.id()), "reading how it is stored"));
  const H5D_layout_t layout = H5Pget_layout(creation.id());
  if (layout == H5D_CHUNKED) return check_chunks(node, creation, space, shape, size);
  if ((layout != H5D_CONTIGUOUS && layout != H5D_COMPACT) || H5Pget_external_count(creation.id()) != 0)
    node.refuse("expected data inside the file, found a dataset that refers to other files or datasets");
  const hsize_t stored = H5Dget_storage_size(node.id());
  if (stored != static_cast<hsize_t>(bytes))
    node.refuse("expected " + std::to_string(bytes) + " bytes stored, found " + std::to_string(stored));
}

}  // namespace

Array read_dataset(const Node& node, std::int64_t& budget_bytes) {
  const ElementType& type = element_type(node);
  const std::size_t size = H5Tget_size(type.native);
  const Handle space(node.check(H5Dget_space(node.id()), "reading its shape"));
  const Shape shape = read_shape(node, space);
  const std::int64_t bytes = bytes_within(node, shape, size, budget_bytes);
  budget_bytes -= bytes;

  Array array;
  array.dtype = type.name;
  array.shape.assign(shape.begin(), shape.end());
  if (bytes == 0) return array;
  check_storage(node, space, shape, size, bytes);
  array.bytes.resize(static_cast<std::size_t>(bytes));
  node.check(H5Dread(node.id(), type.native, H5S_ALL, H5S_ALL, H5P_DEFAULT, array.bytes.data()), "reading its data");
  return array;
}

}  // namespace plumb::golden
