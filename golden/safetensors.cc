#include "golden/safetensors.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "reference/byte_count.h"
#include "reference/error.h"

namespace plumb::golden {
namespace {

constexpr std::uint64_t kMostHeaderBytes = std::uint64_t{100} << 20;
constexpr std::size_t kLengthBytes = 8;

std::optional<DType> dtype_named(const std::string& name) {
  constexpr std::pair<const char*, DType> kTypes[] = {
      {"F32", DType::f32}, {"F16", DType::f16}, {"BF16", DType::bf16}, {"F64", DType::f64}, {"U8", DType::u8},
      {"I8", DType::i8},   {"I32", DType::i32}, {"U32", DType::i32},   {"I64", DType::i64}, {"U64", DType::i64}};
  for (const auto& [word, dtype] : kTypes) {
    if (name == word) return dtype;
  }
  return std::nullopt;
}

// One entry of the header. `room` is how many bytes there are behind it.
MappedTensor read_entry(const nlohmann::json& entry, DType dtype, const std::byte* data, std::uint64_t room) {
  const auto shape = entry.at("shape").get<Shape>();
  const auto range = entry.at("data_offsets").get<std::array<std::uint64_t, 2>>();
  const auto bytes = static_cast<std::uint64_t>(byte_count(dtype, shape));
  // Nothing wraps round: where the range does not go backwards, its length is a difference of what it says.
  if (range[1] < range[0] || range[1] - range[0] != bytes) {
    throw Error(fmt::format("shape {} of {} takes {} bytes, but data_offsets are [{}, {}]", to_string(shape),
                            to_string(dtype), bytes, range[0], range[1]));
  }
  if (range[1] > room) {
    throw Error(fmt::format("is truncated: expected {} bytes of data, the file has {}", range[1], room));
  }
  return {dtype, shape, data + range[0]};
}

}  // namespace

Safetensors::Safetensors(const std::filesystem::path& path) : file_(MappedFile::open(path)) { read_header(); }

void Safetensors::read_header() {
  const auto refuse = [&](const std::string& what) { throw Error(fmt::format("{}: {}", path().string(), what)); };
  const std::span<const std::byte> bytes = file_->bytes();
  std::uint64_t length = 0;
  if (bytes.empty()) refuse("is empty");
  if (bytes.size() < kLengthBytes) refuse("is truncated: no .safetensors file");
  for (std::size_t i = kLengthBytes; i-- > 0;) length = length << 8 | std::to_integer<std::uint64_t>(bytes[i]);
  if (length > kMostHeaderBytes) refuse(fmt::format("has a header of {} bytes: no .safetensors file", length));
  if (length > bytes.size() - kLengthBytes) {
    refuse(fmt::format("is truncated: expected a header of {} bytes, the file has {}", length, bytes.size()));
  }
  const auto* text = static_cast<const char*>(static_cast<const void*>(bytes.data() + kLengthBytes));
  const auto header = nlohmann::json::parse(text, text + length, nullptr, false);
  if (!header.is_object()) refuse("has a damaged header: no .safetensors file");
  const std::byte* data = bytes.data() + kLengthBytes + length;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") continue;
    try {
      const auto type = entry.at("dtype").get<std::string>();
      if (const auto dtype = dtype_named(type)) {
        tensors_.emplace(name, read_entry(entry, *dtype, data, bytes.size() - kLengthBytes - length));
      } else {
        foreign_.emplace(name, type);
      }
    } catch (const nlohmann::json::exception& error) {
      refuse(fmt::format("{}: damaged entry: {}", name, error.what()));
    } catch (const Error& error) {
      refuse(fmt::format("{}: {}", name, error.what()));
    }
  }
}

}  // namespace plumb::golden
