#include "runners/guarded.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "reference/error.h"

namespace plumb {
namespace {

// As much as there ever is beside a block: less than a page, unless it is shifted. Bytes differ, so that copying a
// guard byte onto another is seen.
constexpr std::size_t kPatternBytes = 4096;
const std::array<std::byte, kPatternBytes> kPattern = [] {
  std::array<std::byte, kPatternBytes> pattern{};
  for (std::size_t i = 0; i < kPatternBytes; ++i) pattern[i] = static_cast<std::byte>(0xC3U ^ (i * 37U));
  return pattern;
}();

void lay_guard(std::byte* first, std::byte* last) {
  for (; first < last; first += std::min<std::size_t>(kPatternBytes, static_cast<std::size_t>(last - first))) {
    std::memcpy(first, kPattern.data(), std::min<std::size_t>(kPatternBytes, static_cast<std::size_t>(last - first)));
  }
}

bool is_guard(const std::byte* first, const std::byte* last) {
  while (first < last) {
    const std::size_t count = std::min<std::size_t>(kPatternBytes, static_cast<std::size_t>(last - first));
    if (std::memcmp(first, kPattern.data(), count) != 0) return false;
    first += count;
  }
  return true;
}

}  // namespace

Guarded::Guarded(std::size_t size_bytes, std::byte fill, Placement placement, const char* name)
    : size_(size_bytes), pages_(size_bytes + (placement.forgiving ? 2 : 1) * placement.shift) {
  start_ = placement.at_end ? pages_.size_bytes() - size_ - placement.shift : placement.shift;
  lay_guard(pages_.begin(), data());
  if (size_ > 0) std::memset(data(), static_cast<int>(fill), size_);
  lay_guard(data() + size_, pages_.end());
  pages_.announce({name, data(), size_, Access::all});
}

Guarded::Guarded(std::span<const std::byte> content, Placement placement, const char* name)
    : Guarded(content.size(), std::byte{0}, placement, name) {
  if (!content.empty()) std::memcpy(data(), content.data(), content.size());
}

bool Guarded::guards_intact() const {
  return is_guard(pages_.begin(), bytes().data()) && is_guard(bytes().data() + size_, pages_.end());
}

}  // namespace plumb
