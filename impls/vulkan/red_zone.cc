#include "impls/vulkan/red_zone.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "impls/vulkan/device.h"

namespace plumb::vulkan {

void poison(std::span<std::uint32_t> zoned) { std::ranges::fill(zoned, Device::kPoison); }

std::vector<std::uint32_t> without_zones(std::span<const std::uint32_t> zoned) {
  const std::size_t end = zoned.size() - kZoneWords;
  for (std::size_t i = 0; i < zoned.size(); ++i) {
    const bool inside = i >= kZoneWords && i < end;
    if (inside || zoned[i] == Device::kPoison) continue;
    throw std::runtime_error(fmt::format("wrote outside its output: word {} of {} is {:#010x}",
                                         static_cast<std::int64_t>(i) - kZoneWords, end - kZoneWords, zoned[i]));
  }
  return {zoned.begin() + kZoneWords, zoned.begin() + static_cast<std::ptrdiff_t>(end)};
}

void copy_guarded(std::span<const std::byte> bytes, std::span<std::uint32_t> guarded) {
  const std::size_t words = guarded.size() - kZoneWords;
  if (words > 0) guarded[words - 1] = 0;
  if (!bytes.empty()) std::memcpy(guarded.data(), bytes.data(), bytes.size());
  poison(guarded.subspan(words));
}

}  // namespace plumb::vulkan
