#include "runners/guarded.h"

#include <algorithm>

namespace plumb {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kGuardBytes = 256;

// Differs from byte to byte, so that copying a guard onto another place in the guard is seen.
std::byte guard_byte(std::size_t position) { return static_cast<std::byte>(0xC3U ^ (position * 37U)); }

}  // namespace

Guarded::Guarded(std::size_t size_bytes, std::byte fill)
    : size_(size_bytes), storage_(2 * kGuardBytes + kAlignment + size_bytes) {
  for (std::size_t i = 0; i < storage_.size(); ++i) storage_[i] = guard_byte(i);
  const std::size_t misalignment = reinterpret_cast<std::uintptr_t>(storage_.data() + kGuardBytes) % kAlignment;
  start_ = kGuardBytes + (kAlignment - misalignment) % kAlignment;
  std::ranges::fill(bytes(), fill);
}

Guarded::Guarded(std::span<const std::byte> content) : Guarded(content.size(), std::byte{0}) {
  std::ranges::copy(content, bytes().begin());
}

bool Guarded::zone_intact(std::size_t first, std::size_t last) const {
  for (std::size_t i = first; i < last; ++i) {
    if (storage_[i] != guard_byte(i)) return false;
  }
  return true;
}

bool Guarded::guards_intact() const { return zone_intact(0, start_) && zone_intact(start_ + size_, storage_.size()); }

}  // namespace plumb
