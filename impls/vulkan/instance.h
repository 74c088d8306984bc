// The Vulkan instance of an open device, and what the validation layer says about our use of it.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "impls/vulkan/hpp.h"

namespace plumb::vulkan {

/// Complaints of the validation layer, from whatever thread makes them.
class Complaints {
 public:
  void add(std::string text);
  /// Throws DeviceError with the texts that came since the last time, if any did.
  void throw_if_any();

 private:
  std::mutex mutex_;
  std::vector<std::string> texts_;
};

/// An instance; with `validation`, under VK_LAYER_KHRONOS_validation including its synchronisation checks. Throws
/// DeviceError if the layer is wanted and not installed.
class Instance {
 public:
  explicit Instance(bool validation);

  [[nodiscard]] const vk::raii::Instance& operator*() const { return instance_; }
  [[nodiscard]] Complaints& complaints() { return *complaints_; }

 private:
  vk::raii::Context context_;
  std::unique_ptr<Complaints> complaints_;  // the messenger points to it
  vk::raii::Instance instance_;
  std::optional<vk::raii::DebugUtilsMessengerEXT> messenger_;
};

}  // namespace plumb::vulkan
