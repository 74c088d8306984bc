// Pages between pages that nobody may touch, and the list of blocks in them that a crash report looks things up in.
#pragma once

#include <cstddef>
#include <cstdint>

namespace plumb {

/// What may be done to memory.
enum class Access { all, read_only, none };

/// A block of memory that implementations are handed.
struct Block {
  const char* name;  ///< "weights"
  const std::byte* data;
  std::size_t size_bytes;
  Access access;
};

/// Owns whole pages with untouchable pages before and behind them. Pages of small blocks are used again rather than
/// given back, so that making one costs no call of the system.
class Pages {
 public:
  /// So many that `least_bytes` fit. Throws std::bad_alloc.
  explicit Pages(std::size_t least_bytes);
  ~Pages();
  Pages(Pages&& other) noexcept;
  Pages& operator=(Pages&&) = delete;

  [[nodiscard]] std::byte* begin() const { return begin_; }
  [[nodiscard]] std::byte* end() const { return begin_ + size_bytes_; }
  [[nodiscard]] std::size_t size_bytes() const { return size_bytes_; }
  void protect(Access access);
  /// Lists the block in these pages, for crash reports. Call once.
  void announce(const Block& block);

 private:
  std::byte* begin_;
  std::size_t size_bytes_;
  Access access_ = Access::all;
  int place_ = -1;  // in the list of blocks
};

/// The listed block that `address` is in or nearest to, if it lies in its pages or the untouchable ones around them;
/// false if there is none. May be called by signal handlers.
[[nodiscard]] bool find_block(std::uintptr_t address, Block* block) noexcept;

}  // namespace plumb
