// Vulkan-Hpp as this folder uses it: exceptions, RAII, and all functions looked up at run time, so that plumb starts on
// machines without a Vulkan loader. Include it in few places: it is long.
#pragma once

#define VK_NO_PROTOTYPES 1
#include <new>
#include <vulkan/vulkan_raii.hpp>

#include "impls/builtin.h"

namespace plumb::vulkan {

/// What `body` returns, with Vulkan's exceptions as ours: DeviceError, or std::bad_alloc if memory ran out.
template <typename Body>
decltype(auto) translated(Body body) {
  try {
    return body();
  } catch (const vk::OutOfHostMemoryError&) {
    throw std::bad_alloc();
  } catch (const vk::OutOfDeviceMemoryError&) {
    throw std::bad_alloc();
  } catch (const vk::Error& error) {
    throw DeviceError(error.what());
  }
}

/// The Vulkan loader. Throws DeviceError if there is none.
[[nodiscard]] vk::raii::Context load_vulkan();

/// The family of a queue that can compute, preferably one of compute alone; -1 if there is none.
[[nodiscard]] int compute_queue_family(const vk::raii::PhysicalDevice& device);

/// Version asked of instances and devices.
inline constexpr std::uint32_t kApiVersion = VK_API_VERSION_1_1;

}  // namespace plumb::vulkan
