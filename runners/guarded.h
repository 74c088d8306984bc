// Memory handed to implementations: aligned, with guard bytes on both sides that must not change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace plumb {

/// A block of bytes between two guard zones.
class Guarded {
 public:
  explicit Guarded(std::span<const std::byte> content);
  Guarded(std::size_t size_bytes, std::byte fill);

  /// Start of the block, aligned to 64 bytes; valid, but not to be touched, if the block is empty.
  [[nodiscard]] std::byte* data() { return storage_.data() + start_; }
  [[nodiscard]] std::span<const std::byte> bytes() const { return std::span(storage_).subspan(start_, size_); }
  [[nodiscard]] std::span<std::byte> bytes() { return std::span(storage_).subspan(start_, size_); }
  /// Whether both guard zones are as they were made.
  [[nodiscard]] bool guards_intact() const;

 private:
  [[nodiscard]] bool zone_intact(std::size_t first, std::size_t last) const;

  std::size_t size_;
  std::vector<std::byte> storage_;
  std::size_t start_;
};

}  // namespace plumb
