#include "reference/quant/integer_codes.h"

namespace plumb {

Answer prescribed(std::vector<double> value) { return {{std::move(value), {}, {}, {}}}; }

std::vector<std::uint8_t> pack_integers(const Layout& layout, Extent extent, const Tensor& codes) {
  std::vector<int> integers;
  for (std::int64_t i = 0; i < codes.size(); ++i) integers.push_back(static_cast<int>(codes.at(i)));
  return pack(layout, extent, integers);
}

std::vector<double> unpack_integers(const Layout& layout, Extent extent, const Tensor& packed) {
  std::vector<std::uint8_t> bytes;
  for (const std::byte byte : packed.bytes()) bytes.push_back(static_cast<std::uint8_t>(byte));
  const std::vector<int> codes = unpack(layout, extent, bytes);
  return {codes.begin(), codes.end()};
}

std::vector<double> elements(DType dtype, std::span<const std::uint8_t> bytes) {
  const auto size = static_cast<std::size_t>(info(dtype).size_bytes);
  std::vector<double> values;
  for (std::size_t at = 0; at + size <= bytes.size(); at += size) {
    values.push_back(load(dtype, std::as_bytes(bytes).data() + at));
  }
  return values;
}

}  // namespace plumb
