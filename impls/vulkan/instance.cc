#include "impls/vulkan/instance.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace plumb::vulkan {
namespace {

constexpr const char* kValidationLayer = "VK_LAYER_KHRONOS_validation";

using Severity = vk::DebugUtilsMessageSeverityFlagBitsEXT;
using Type = vk::DebugUtilsMessageTypeFlagBitsEXT;

// Messages about our use of Vulkan. The loader's own (type eGeneral), for instance that one of several installed
// drivers has no device here, are not ours to answer for.
vk::DebugUtilsMessengerCreateInfoEXT messenger_info(Complaints* complaints) {
  const PFN_vkDebugUtilsMessengerCallbackEXT add =
      [](VkDebugUtilsMessageSeverityFlagBitsEXT, VkDebugUtilsMessageTypeFlagsEXT,
         const VkDebugUtilsMessengerCallbackDataEXT* data, void* user) -> VkBool32 {
    static_cast<Complaints*>(user)->add(data->pMessage);
    return VK_FALSE;  // go on with the call
  };
  return {{}, Severity::eWarning | Severity::eError, Type::eValidation | Type::ePerformance, add, complaints};
}

void require_validation_layer(const vk::raii::Context& context) {
  const auto layers = context.enumerateInstanceLayerProperties();
  const auto is_it = [](const vk::LayerProperties& layer) {
    return std::string_view(layer.layerName) == kValidationLayer;
  };
  if (std::ranges::any_of(layers, is_it)) return;
  throw DeviceError(
      fmt::format("PLUMB_VULKAN_VALIDATION=1 needs {}: install the Debian package "
                  "vulkan-validationlayers",
                  kValidationLayer));
}

vk::raii::Instance make_instance(const vk::raii::Context& context, bool validation) {
  const vk::ApplicationInfo application("plumbline", 1, nullptr, 0, kApiVersion);
  vk::InstanceCreateInfo info({}, &application);
  if (!validation) return {context, info};
  require_validation_layer(context);
  const vk::ValidationFeatureEnableEXT extra = vk::ValidationFeatureEnableEXT::eSynchronizationValidation;
  const vk::ValidationFeaturesEXT features(1, &extra);
  const std::vector<const char*> extensions{VK_EXT_DEBUG_UTILS_EXTENSION_NAME};
  info.setPEnabledLayerNames(kValidationLayer).setPEnabledExtensionNames(extensions).setPNext(&features);
  return {context, info};
}

}  // namespace

void Complaints::add(std::string text) {
  const std::lock_guard lock(mutex_);
  texts_.push_back(std::move(text));
}

void Complaints::throw_if_any() {
  const std::lock_guard lock(mutex_);
  if (texts_.empty()) return;
  const std::vector<std::string> texts = std::exchange(texts_, {});
  throw DeviceError(fmt::format("Vulkan validation: {}", fmt::join(texts, "\n")));
}

Instance::Instance(bool validation)
    : context_(load_vulkan()),
      complaints_(std::make_unique<Complaints>()),
      instance_(make_instance(context_, validation)) {
  if (validation) messenger_.emplace(instance_, messenger_info(complaints_.get()));
}

}  // namespace plumb::vulkan
