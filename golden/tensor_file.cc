#include "golden/tensor_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>

#include "golden/safetensors.h"
#include "golden/tensor_hdf5.h"
#include "reference/byte_count.h"
#include "reference/error.h"

namespace plumb::golden {
namespace {

constexpr std::uint64_t kMostHeaderBytes = std::uint64_t{100} << 20;

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& what) {
  throw Error(fmt::format("{}: {}", path.string(), what));
}

// An element type by its names in NumPy and in safetensors.
struct TypeName {
  DType dtype;
  std::string_view numpy, safetensors;
};
constexpr TypeName kTypeNames[] = {{DType::u8, "|u1", "U8"},   {DType::i8, "|i1", "I8"},   {DType::i32, "<i4", "I32"},
                                   {DType::i32, "<u4", "U32"}, {DType::i64, "<i8", "I64"}, {DType::i64, "<u8", "U64"}};

[[noreturn]] void refuse_type(const std::filesystem::path& path, std::string_view type) {
  refuse(path, fmt::format("expected elements that hold codes (8, 32 or 64 bit integers), got '{}'", type));
}

bool can_hold_codes(DType dtype) {
  return std::ranges::find(kTypeNames, dtype, &TypeName::dtype) != std::end(kTypeNames);
}

DType numpy_type(const std::filesystem::path& path, std::string_view wanted) {
  const auto type = std::ranges::find(kTypeNames, wanted, &TypeName::numpy);
  if (type == std::end(kTypeNames)) refuse_type(path, wanted);
  return type->dtype;
}

std::string_view name_of(DType dtype, std::string_view TypeName::*names) {
  const auto type = std::ranges::find(kTypeNames, dtype, &TypeName::dtype);
  PLUMB_CHECK(type != std::end(kTypeNames));
  return (*type).*names;
}

std::uint64_t bytes_of(const std::filesystem::path& path, DType dtype, const Shape& shape) {
  try {
    return static_cast<std::uint64_t>(byte_count(dtype, shape));
  } catch (const Error& error) {
    refuse(path, error.what());
  }
}

// Reads `count` bytes at `offset`.
std::string read_bytes(const std::filesystem::path& path, std::uint64_t offset, std::uint64_t count) {
  std::ifstream in(path, std::ios::binary);
  std::string bytes(count, '\0');
  in.seekg(static_cast<std::streamoff>(offset));
  in.read(bytes.data(), static_cast<std::streamsize>(count));
  if (!in) refuse(path, "cannot be read, or is truncated");
  return bytes;
}

std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

// Throws unless the file holds the bytes that its header promises.
void check_size(const TensorFile& tensor) {
  const std::uint64_t size = std::filesystem::file_size(tensor.path);
  if (tensor.offset > size || tensor.bytes > size - tensor.offset) {
    refuse(tensor.path, fmt::format("is truncated: expected {} bytes of {} {} at {}, the file ends at {}", tensor.bytes,
                                    to_string(tensor.dtype), to_string(tensor.shape), tensor.offset, size));
  }
}

// ---- .npy: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html ----

std::string numpy_field(const std::filesystem::path& path, const std::string& header, const std::string& pattern) {
  std::smatch found;
  if (!std::regex_search(header, found, std::regex(pattern))) refuse(path, "the .npy header lacks '" + pattern + "'");
  return found[1];
}

Shape parse_numbers(const std::filesystem::path& path, const std::string& text) {
  Shape shape;
  const std::regex number("[0-9]+");
  for (auto it = std::sregex_iterator(text.begin(), text.end(), number); it != std::sregex_iterator(); ++it) {
    const std::string digits = it->str();
    std::int64_t value = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (read.ec != std::errc()) refuse(path, fmt::format("shape: expected sizes below 2^63, got {}", digits));
    shape.push_back(value);
  }
  return shape;
}

TensorFile find_in_numpy(const std::filesystem::path& path) {
  const std::string magic = read_bytes(path, 0, 8);
  if (!magic.starts_with("\x93NUMPY")) refuse(path, "expected a .npy file, which begins with \\x93NUMPY");
  const std::uint64_t length_bytes = magic[6] == 1 ? 2 : 4;
  const std::uint64_t length = little_endian(read_bytes(path, 8, length_bytes));
  if (length > kMostHeaderBytes) refuse(path, fmt::format("has a header of {} bytes", length));
  const std::string header = read_bytes(path, 8 + length_bytes, length);
  if (numpy_field(path, header, "'fortran_order' *: *(True|False)") != "False") {
    refuse(path, "expected C order, got Fortran order");
  }
  const DType dtype = numpy_type(path, numpy_field(path, header, "'descr' *: *'([^']*)'"));
  const Shape shape = parse_numbers(path, numpy_field(path, header, "'shape' *: *\\(([^)]*)\\)"));
  return {path, "", dtype, shape, 8 + length_bytes + length, bytes_of(path, dtype, shape)};
}

std::string numpy_header(DType dtype, const Shape& shape) {
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({},), }}",
                                   name_of(dtype, &TypeName::numpy), fmt::join(shape, ", "));
  header.resize((10 + header.size() + 1 + 63) / 64 * 64 - 11, ' ');
  header += '\n';
  return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(header.size() & 255U) +
         static_cast<char>(header.size() >> 8) + header;
}

// ---- .safetensors: https://huggingface.co/docs/safetensors ----

// The wanted tensor, or the only one.
std::string choose(const std::filesystem::path& path, const std::vector<std::string>& names,
                   const std::string& wanted) {
  if (wanted.empty() && names.size() == 1) return names[0];
  if (std::ranges::find(names, wanted) != names.end()) return wanted;
  const std::string list = fmt::format("{}", fmt::join(names, ", "));
  if (wanted.empty()) refuse(path, fmt::format("--tensor: expected one of {}, got none", list));
  refuse(path, fmt::format("--tensor: expected one of {}, got '{}'", list, wanted));
}

TensorFile find_in_safetensors(const std::filesystem::path& path, const std::string& wanted) {
  const Safetensors file(path);
  std::vector<std::string> names;
  for (const auto& [name, unused] : file.tensors()) names.push_back(name);
  for (const auto& [name, unused] : file.foreign()) names.push_back(name);
  std::ranges::sort(names);
  const std::string name = choose(path, names, wanted);
  if (const auto foreign = file.foreign().find(name); foreign != file.foreign().end()) {
    refuse_type(path, foreign->second);
  }
  const MappedTensor& tensor = file.tensors().at(name);
  if (!can_hold_codes(tensor.dtype)) refuse_type(path, to_string(tensor.dtype));
  return {path, name, tensor.dtype, tensor.shape, file.offset_of(tensor), bytes_of(path, tensor.dtype, tensor.shape)};
}

std::string safetensors_header(const std::string& name, DType dtype, const Shape& shape) {
  const nlohmann::json entry = {{"dtype", name_of(dtype, &TypeName::safetensors)},
                                {"shape", shape},
                                {"data_offsets", {0, byte_count(dtype, shape)}}};
  std::string header = nlohmann::json{{name, entry}}.dump();
  header.resize((header.size() + 7) / 8 * 8, ' ');
  std::string length(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) length[i] = static_cast<char>(header.size() >> (8 * i) & 255U);
  return length + header;
}

// ---- all formats ----

std::string extension_of(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  std::ranges::transform(extension, extension.begin(), [](unsigned char c) { return std::tolower(c); });
  return extension;
}

[[noreturn]] void refuse_extension(const std::filesystem::path& path) {
  refuse(path, fmt::format("expected .npy, .safetensors, .h5 or .hdf5, got '{}'", path.extension().string()));
}

// A header, and zeros behind it.
TensorFile create_with_header(const std::filesystem::path& path, const std::string& name, DType dtype,
                              const Shape& shape, const std::string& header) {
  const TensorFile tensor{path, name, dtype, shape, header.size(), bytes_of(path, dtype, shape)};
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << header << std::flush;
  if (!out) refuse(path, fmt::format("cannot be written: {}", std::strerror(errno)));
  out.close();
  std::filesystem::resize_file(path, tensor.offset + tensor.bytes);
  return tensor;
}

}  // namespace

TensorFile find_tensor(const std::filesystem::path& path, const std::string& name,
                       const std::filesystem::path& scratch) {
  if (!std::filesystem::is_regular_file(path)) refuse(path, "there is no such file");
  const std::string extension = extension_of(path);
  TensorFile tensor;
  if (extension == ".npy") {
    tensor = find_in_numpy(path);
  } else if (extension == ".safetensors") {
    tensor = find_in_safetensors(path, name);
  } else if (extension == ".h5" || extension == ".hdf5") {
    tensor = find_in_hdf5(path, name, scratch);
  } else {
    refuse_extension(path);
  }
  check_size(tensor);
  return tensor;
}

TensorFile create_tensor(const std::filesystem::path& path, const std::filesystem::path& as, const std::string& name,
                         DType dtype, const Shape& shape) {
  const std::string extension = extension_of(as);
  if (extension == ".npy") return create_with_header(path, "", dtype, shape, numpy_header(dtype, shape));
  if (extension == ".safetensors") {
    return create_with_header(path, name, dtype, shape, safetensors_header(name, dtype, shape));
  }
  if (extension != ".h5" && extension != ".hdf5") refuse_extension(as);
  return create_in_hdf5(path, name, dtype, shape);
}

}  // namespace plumb::golden
