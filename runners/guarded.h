// Memory handed to implementations: pages of its own between pages that nobody may touch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "runners/guarded_pages.h"

namespace plumb {

/// Where a block lies in its pages. One that starts its first page has the most alignment that there is, and the byte
/// before it cannot be touched. One that ends its last page has the least, that of its elements (if its size is a
/// multiple of theirs and no power of two more), and the byte behind it cannot be touched.
struct Placement {
  bool at_end = false;
  std::size_t shift = 0;  ///< So many bytes away from that end of the pages.
  /// Writing to inputs and a little before and behind blocks is let through, as in other people's tests.
  bool forgiving = false;
};

inline constexpr Placement kAtStart{}, kAtEnd{.at_end = true}, kForgiving{.shift = 4096, .forgiving = true};

/// A block of bytes. What is left of its pages holds guard bytes that must not change; a touch beyond the pages is a
/// signal, of which the crash report (see black_box.h) says which block it was next to.
class Guarded {
 public:
  /// `name` is what crash reports call it; it is kept as a pointer and has to outlive the block.
  explicit Guarded(std::span<const std::byte> content, Placement placement = kAtStart, const char* name = "");
  Guarded(std::size_t size_bytes, std::byte fill, Placement placement = kAtStart, const char* name = "");

  /// Start of the block; valid, but not to be touched, if the block is empty.
  [[nodiscard]] std::byte* data() { return pages_.begin() + start_; }
  [[nodiscard]] std::span<const std::byte> bytes() const { return {pages_.begin() + start_, size_}; }
  [[nodiscard]] std::span<std::byte> bytes() { return {pages_.begin() + start_, size_}; }
  /// Whether the guard bytes are as they were made. Not for an expired block.
  [[nodiscard]] bool guards_intact() const;

  /// From here on writing to it is a signal.
  void make_read_only() { pages_.protect(Access::read_only); }
  /// From here on touching it is a signal: whoever was lent it had to give it back.
  void expire() { pages_.protect(Access::none); }

 private:
  std::size_t size_;
  Pages pages_;
  std::size_t start_;
};

}  // namespace plumb
