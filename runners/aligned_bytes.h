// Memory for packed weights.
#pragma once

#include <hwy/aligned_allocator.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace plumb {

/// Zeroed bytes. The first lies at the beginning of a line of the cache, as those of tensors do: blocks that straddle
/// two lines cost twice as much where they are scattered.
class AlignedBytes {
 public:
  explicit AlignedBytes(std::int64_t size)
      : size_(static_cast<std::size_t>(size)), data_(hwy::AllocateAligned<std::byte>(std::max<std::size_t>(1, size_))) {
    std::fill_n(data_.get(), size_, std::byte{0});
  }
  [[nodiscard]] std::span<std::byte> bytes() { return {data_.get(), size_}; }
  [[nodiscard]] std::span<const std::byte> bytes() const { return {data_.get(), size_}; }

 private:
  std::size_t size_;
  hwy::AlignedFreeUniquePtr<std::byte[]> data_;
};

}  // namespace plumb
