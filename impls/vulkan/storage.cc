#include "impls/vulkan/storage.h"

#include <utility>

namespace plumb::vulkan {
namespace {

using Property = vk::MemoryPropertyFlagBits;

constexpr vk::MemoryPropertyFlags kShaderMemory[] = {
    Property::eDeviceLocal | Property::eHostVisible | Property::eHostCoherent,
    Property::eDeviceLocal | Property::eHostVisible,
    Property::eDeviceLocal,
    {},
};
constexpr vk::MemoryPropertyFlags kStagingMemory[] = {
    Property::eHostVisible | Property::eHostCached | Property::eHostCoherent,
    Property::eHostVisible | Property::eHostCoherent,
    Property::eHostVisible,
};

}  // namespace

Storage::Storage(const vk::raii::Device& device, vk::raii::Buffer buffer, vk::raii::DeviceMemory memory,
                 std::uint64_t size_bytes, bool is_mapped, bool is_coherent)
    : device_(&device),
      buffer_(std::move(buffer)),
      memory_(std::move(memory)),
      size_bytes_(size_bytes),
      mapped_(is_mapped ? static_cast<std::byte*>(memory_.mapMemory(0, VK_WHOLE_SIZE)) : nullptr),
      is_coherent_(is_coherent) {}

void Storage::flush() const {
  if (!is_coherent_) device_->flushMappedMemoryRanges(vk::MappedMemoryRange(*memory_, 0, VK_WHOLE_SIZE));
}

void Storage::invalidate() const {
  if (!is_coherent_) device_->invalidateMappedMemoryRanges(vk::MappedMemoryRange(*memory_, 0, VK_WHOLE_SIZE));
}

Allocator::Allocator(const vk::raii::PhysicalDevice& physical, const vk::raii::Device& device, bool hide)
    : device_(&device), memory_(physical.getMemoryProperties()), hide_(hide) {}

std::shared_ptr<const Storage> Allocator::for_shaders(std::uint64_t size_bytes) const {
  return allocate(size_bytes, !hide_, kShaderMemory);
}

std::shared_ptr<const Storage> Allocator::for_staging(std::uint64_t size_bytes) const {
  return allocate(size_bytes, true, kStagingMemory);
}

std::shared_ptr<const Storage> Allocator::allocate(std::uint64_t size_bytes, bool may_map,
                                                   std::span<const vk::MemoryPropertyFlags> preference) const {
  using Usage = vk::BufferUsageFlagBits;
  vk::raii::Buffer buffer(
      *device_,
      vk::BufferCreateInfo({}, size_bytes, Usage::eStorageBuffer | Usage::eTransferSrc | Usage::eTransferDst));
  const vk::MemoryRequirements needs = buffer.getMemoryRequirements();
  for (const vk::MemoryPropertyFlags wanted : preference) {
    for (std::uint32_t type = 0; type < memory_.memoryTypeCount; ++type) {
      const vk::MemoryPropertyFlags has = memory_.memoryTypes[type].propertyFlags;
      const bool possible = (needs.memoryTypeBits >> type & 1) != 0 && !(has & Property::eProtected);
      if (!possible || (has & wanted) != wanted) continue;
      try {
        vk::raii::DeviceMemory memory(*device_, vk::MemoryAllocateInfo(needs.size, type));
        buffer.bindMemory(*memory, 0);
        return std::make_shared<const Storage>(*device_, std::move(buffer), std::move(memory), size_bytes,
                                               may_map && (has & Property::eHostVisible),
                                               bool(has & Property::eHostCoherent));
      } catch (const vk::OutOfDeviceMemoryError&) {
        break;  // the next preference
      }
    }
  }
  throw std::bad_alloc();
}

}  // namespace plumb::vulkan
