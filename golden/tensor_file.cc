#include "golden/tensor_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>

#include "golden/tensor_hdf5.h"
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

DType type_named(const std::filesystem::path& path, std::string_view TypeName::*names, std::string_view wanted) {
  for (const TypeName& type : kTypeNames) {
    if (type.*names == wanted) return type.dtype;
  }
  refuse(path, fmt::format("expected elements that hold codes (8, 32 or 64 bit integers), got '{}'", wanted));
}

std::string_view name_of(DType dtype, std::string_view TypeName::*names) {
  const auto type = std::ranges::find(kTypeNames, dtype, &TypeName::dtype);
  PLUMB_CHECK(type != std::end(kTypeNames));
  return (*type).*names;
}

std::uint64_t bytes_of(DType dtype, const Shape& shape) {
  return static_cast<std::uint64_t>(element_count(shape)) * static_cast<std::uint64_t>(info(dtype).size_bytes);
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

Shape parse_numbers(const std::string& text) {
  Shape shape;
  const std::regex number("[0-9]{1,18}");
  for (auto it = std::sregex_iterator(text.begin(), text.end(), number); it != std::sregex_iterator(); ++it) {
    shape.push_back(std::stoll(it->str()));
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
  const DType dtype = type_named(path, &TypeName::numpy, numpy_field(path, header, "'descr' *: *'([^']*)'"));
  const Shape shape = parse_numbers(numpy_field(path, header, "'shape' *: *\\(([^)]*)\\)"));
  return {path, "", dtype, shape, 8 + length_bytes + length, bytes_of(dtype, shape)};
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

nlohmann::json safetensors_header(const std::filesystem::path& path, std::uint64_t* length) {
  *length = little_endian(read_bytes(path, 0, 8));
  if (*length > kMostHeaderBytes) refuse(path, fmt::format("has a header of {} bytes: no .safetensors file", *length));
  const auto header = nlohmann::json::parse(read_bytes(path, 8, *length), nullptr, false);
  if (!header.is_object()) refuse(path, "has a damaged header: no .safetensors file");
  return header;
}

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
  std::uint64_t length = 0;
  const nlohmann::json header = safetensors_header(path, &length);
  std::vector<std::string> names;
  for (const auto& [key, unused] : header.items()) {
    if (key != "__metadata__") names.push_back(key);
  }
  const std::string name = choose(path, names, wanted);
  try {
    const nlohmann::json& entry = header.at(name);
    const DType dtype = type_named(path, &TypeName::safetensors, entry.at("dtype").get<std::string>());
    const auto shape = entry.at("shape").get<Shape>();
    const auto range = entry.at("data_offsets").get<std::array<std::uint64_t, 2>>();
    if (range[1] < range[0] || range[1] - range[0] != bytes_of(dtype, shape)) {
      refuse(path, fmt::format("{}: shape {} does not fill its data_offsets", name, to_string(shape)));
    }
    return {path, name, dtype, shape, 8 + length + range[0], range[1] - range[0]};
  } catch (const nlohmann::json::exception& error) {
    refuse(path, fmt::format("{}: damaged entry: {}", name, error.what()));
  }
}

std::string safetensors_header(const std::string& name, DType dtype, const Shape& shape) {
  const nlohmann::json entry = {{"dtype", name_of(dtype, &TypeName::safetensors)},
                                {"shape", shape},
                                {"data_offsets", {0, bytes_of(dtype, shape)}}};
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
  const TensorFile tensor{path, name, dtype, shape, header.size(), bytes_of(dtype, shape)};
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
