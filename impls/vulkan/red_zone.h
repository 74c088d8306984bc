// Poisoned zones around data on the device. They lie inside the range that a shader can address: a software device
// checks the bounds of that range and would drop writes beyond it without a word.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace plumb::vulkan {

/// Words in each zone: 256 bytes.
inline constexpr std::uint32_t kZoneWords = 64;

/// Words that an output of this many words takes with its zones.
[[nodiscard]] constexpr std::uint64_t zoned_words(std::uint64_t words) { return words + 2 * kZoneWords; }

/// Fills everything, zones and output, with poison.
void poison(std::span<std::uint32_t> zoned);
/// The output between the zones. Throws std::runtime_error naming the first word that was written outside.
[[nodiscard]] std::vector<std::uint32_t> without_zones(std::span<const std::uint32_t> zoned);

/// An input of `bytes`: zero up to whole words, then a zone, so that a read beyond it is not a harmless zero.
[[nodiscard]] constexpr std::uint64_t guarded_words(std::size_t bytes) { return (bytes + 3) / 4 + kZoneWords; }
void copy_guarded(std::span<const std::byte> bytes, std::span<std::uint32_t> guarded);

}  // namespace plumb::vulkan
