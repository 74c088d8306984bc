// Buffers and the memory behind them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "impls/vulkan/device.h"
#include "impls/vulkan/hpp.h"

namespace plumb::vulkan {

/// A storage buffer with memory of its own, mapped for its whole life if the host can see it.
class Storage {
 public:
  Storage(const vk::raii::Device& device, vk::raii::Buffer buffer, vk::raii::DeviceMemory memory,
          std::uint64_t size_bytes, bool is_mapped, bool is_coherent);

  [[nodiscard]] vk::Buffer buffer() const { return *buffer_; }
  [[nodiscard]] std::uint64_t size_bytes() const { return size_bytes_; }
  /// nullptr if the host cannot see the memory.
  [[nodiscard]] std::byte* mapped() const { return mapped_; }
  /// Makes host writes reach the device (before a submission), and device writes reach the host (after its fence).
  /// Nothing to do for coherent memory.
  void flush() const;
  void invalidate() const;

 private:
  const vk::raii::Device* device_;
  vk::raii::Buffer buffer_;
  vk::raii::DeviceMemory memory_;
  std::uint64_t size_bytes_;
  std::byte* mapped_;
  bool is_coherent_;
};

/// Makes buffers. Memory that does not suffice is tried in the order of preference; then std::bad_alloc.
class Allocator {
 public:
  /// Both must outlive the allocator. `hide`: never map device memory.
  Allocator(const vk::raii::PhysicalDevice& physical, const vk::raii::Device& device, bool hide);

  /// For shaders: device-local memory that the host sees, else device-local memory that it does not see, else any.
  [[nodiscard]] std::shared_ptr<const Storage> for_shaders(std::uint64_t size_bytes) const;
  /// For copies: host memory.
  [[nodiscard]] std::shared_ptr<const Storage> for_staging(std::uint64_t size_bytes) const;

 private:
  [[nodiscard]] std::shared_ptr<const Storage> allocate(std::uint64_t size_bytes, bool may_map,
                                                        std::span<const vk::MemoryPropertyFlags> preference) const;

  const vk::raii::Device* device_;
  vk::PhysicalDeviceMemoryProperties memory_;
  bool hide_;
};

}  // namespace plumb::vulkan
