#include "runners/packed_data.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "reference/error.h"
#include "reference/layout/code_rows.h"

namespace plumb {
namespace {

// As integers so many stay in a cache.
constexpr std::int64_t kCodesTogether = 1 << 14;

// Codes of rows `first`, `first` + 1, … of a weight.
void make_rows(const Layout& layout, std::int64_t columns, std::int64_t first, const Random& random,
               std::optional<std::uint64_t> ends, std::span<int> codes) {
  const int low = layout.min_code(), high = layout.max_code();
  if (!ends) return random.integers(static_cast<std::uint64_t>(first * columns), low, high, codes);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const std::uint64_t row = static_cast<std::uint64_t>(first) + i / static_cast<std::size_t>(columns);
    codes[i] = (row + *ends) % 2 == 0 ? high : low;
  }
}

// set(i, the bits of element i), made many at once.
template <typename Set>
void for_all_bits(const Random& random, std::size_t count, const Set& set) {
  std::array<std::uint32_t, 1024> words;
  for (std::size_t done = 0; done < count; done += words.size()) {
    const std::span<std::uint32_t> some = std::span(words).first(std::min(words.size(), count - done));
    random.bits(done, some);
    for (std::size_t i = 0; i < some.size(); ++i) set(done + i, some[i]);
  }
}

}  // namespace

void fill_codes(Tensor& tensor, const Layout& layout, Extent extent, const Random& random,
                std::optional<std::uint64_t> ends) {
  PLUMB_CHECK(tensor.size() == layout.size_bytes(extent));
  if (extent.columns == 0) return;
  const std::int64_t together = std::max<std::int64_t>(kCodesTogether / extent.columns, 1);
  std::vector<int> codes;
  for (std::int64_t row = 0; row < extent.rows; row += together) {
    codes.resize(static_cast<std::size_t>(std::min(together, extent.rows - row) * extent.columns));
    make_rows(layout, extent.columns, row, random, ends, codes);
    write_rows(layout, extent, row, codes, tensor.codes());
  }
}

void fill_bytes(Tensor& tensor, const Random& random, std::uint64_t start) {
  const std::span<std::byte> bytes = tensor.bytes();
  const DTypeInfo& type = info(tensor.dtype());
  const bool counts = type.size_bytes == 1;
  const auto low = counts ? static_cast<std::uint32_t>(static_cast<std::int32_t>(type.min_finite)) : 0U;
  for_all_bits(random, bytes.size(), [&](std::size_t i, std::uint32_t word) {
    bytes[i] = static_cast<std::byte>(low + (counts && i < 256 ? static_cast<std::uint32_t>(i + start) : word));
  });
}

void fill_integers(Tensor& tensor, std::int64_t low, std::int64_t high, const Random& random, std::uint64_t start) {
  const auto values = static_cast<std::uint64_t>(high - low) + 1;
  const std::uint64_t counted = values <= 256 ? values : 0;
  const std::span<std::byte> bytes = tensor.bytes();
  const bool is_byte = info(tensor.dtype()).size_bytes == 1;
  for_all_bits(random, static_cast<std::size_t>(tensor.size()), [&](std::size_t i, std::uint32_t word) {
    const std::uint64_t above = i < counted ? (i + start) % values : word * values >> 32;
    const std::int64_t value = low + static_cast<std::int64_t>(above);
    if (is_byte) {  // the same, many times as fast
      bytes[i] = static_cast<std::byte>(value);
    } else {
      tensor.set(static_cast<std::int64_t>(i), static_cast<double>(value));
    }
  });
}

}  // namespace plumb
