#include "impls/vulkan/discovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <sstream>

#include "impls/vulkan/child.h"
#include "impls/vulkan/hpp.h"

namespace plumb::vulkan {
namespace {

constexpr int kTimeoutMs = 10'000;
constexpr std::string_view kHint = "a software device is in the Debian package mesa-vulkan-drivers";

// Text from a driver, fit for a line of tab-separated fields.
std::string field(std::string text) {
  std::ranges::replace_if(
      text, [](unsigned char c) { return c < ' '; }, ' ');
  return text;
}

std::string driver_of(const vk::raii::PhysicalDevice& device) {
  for (const vk::ExtensionProperties& extension : device.enumerateDeviceExtensionProperties()) {
    if (std::string_view(extension.extensionName) != VK_KHR_DRIVER_PROPERTIES_EXTENSION_NAME) continue;
    const auto chain = device.getProperties2<vk::PhysicalDeviceProperties2, vk::PhysicalDeviceDriverProperties>();
    const auto& driver = chain.get<vk::PhysicalDeviceDriverProperties>();
    return fmt::format("{} {}", driver.driverName.data(), driver.driverInfo.data());
  }
  return fmt::format("driver {:#x}", device.getProperties().driverVersion);
}

// "+", index, name, driver, version; or "-" and why the device is of no use.
std::string line_of(std::size_t index, const vk::raii::PhysicalDevice& device) {
  const vk::PhysicalDeviceProperties properties = device.getProperties();
  const std::string name = field(properties.deviceName.data());
  const std::uint32_t api = properties.apiVersion;
  const std::string version =
      fmt::format("{}.{}.{}", VK_API_VERSION_MAJOR(api), VK_API_VERSION_MINOR(api), VK_API_VERSION_PATCH(api));
  if (api < kApiVersion) return fmt::format("-\t{} is Vulkan {}\n", name, version);
  if (compute_queue_family(device) < 0) return fmt::format("-\t{} has no compute queue\n", name);
  return fmt::format("+\t{}\t{}\t{}\t{}\n", index, name, field(driver_of(device)), version);
}

Discovery discover() {
  try {
    return parse_devices(ask_child(list_devices, kTimeoutMs));
  } catch (const DeviceError& error) {
    return {{}, fmt::format("looking for Vulkan devices failed: {}; {}", error.what(), kHint)};
  }
}

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> fields;
  std::istringstream stream(line);
  for (std::string part; std::getline(stream, part, '\t');) fields.push_back(part);
  return fields;
}

}  // namespace

vk::raii::Context load_vulkan() {
  try {
    return {};
  } catch (const std::runtime_error&) {
    throw DeviceError("libvulkan.so.1 cannot be loaded (Debian package libvulkan1)");
  }
}

int compute_queue_family(const vk::raii::PhysicalDevice& device) {
  int found = -1;
  const std::vector<vk::QueueFamilyProperties> families = device.getQueueFamilyProperties();
  for (std::size_t i = 0; i < families.size(); ++i) {
    if (families[i].queueCount == 0 || !(families[i].queueFlags & vk::QueueFlagBits::eCompute)) continue;
    const bool computes_only = !(families[i].queueFlags & vk::QueueFlagBits::eGraphics);
    if (found < 0 || computes_only) found = static_cast<int>(i);
    if (computes_only) break;
  }
  return found;
}

std::string list_devices() {
  return translated([] {
    const vk::raii::Context context = load_vulkan();
    const vk::ApplicationInfo application("plumbline", 1, nullptr, 0, kApiVersion);
    const vk::raii::Instance instance(context, vk::InstanceCreateInfo({}, &application));
    std::string lines;
    const vk::raii::PhysicalDevices devices(instance);
    for (std::size_t i = 0; i < devices.size(); ++i) lines += line_of(i, devices[i]);
    return lines;
  });
}

Discovery parse_devices(std::string_view lines) {
  Discovery found;
  std::string rejected;
  std::istringstream stream{std::string(lines)};
  for (std::string line; std::getline(stream, line);) {
    const std::vector<std::string> fields = split(line);
    if (fields.size() == 5 && fields[0] == "+") {
      found.devices.push_back({{std::stoul(fields[1]), fields[2]}, fields[3], fields[4]});
    } else {
      rejected += "; " + (fields.size() == 2 ? fields[1] : "unreadable line from the child: " + line);
    }
  }
  if (found.devices.empty()) {
    found.unavailable = fmt::format("no device with Vulkan 1.1 and a compute queue{}; {}", rejected, kHint);
  }
  return found;
}

std::string short_name(std::string_view device_name) {
  std::string name;
  for (const char c : device_name.substr(0, device_name.find('('))) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte < 128 && std::isalnum(byte) != 0;
    if (plain || (!name.empty() && name.back() != '_')) name += plain ? static_cast<char>(std::tolower(byte)) : '_';
  }
  if (name.ends_with('_')) name.pop_back();
  return name.empty() ? "device" : name;
}

std::vector<std::string> implementation_names(const std::vector<FoundDevice>& devices) {
  std::vector<std::string> names;
  for (const FoundDevice& device : devices) {
    const std::string plain = "vulkan." + short_name(device.id.name);
    std::string name = plain;
    for (int number = 2; std::ranges::find(names, name) != names.end(); ++number) {
      name = fmt::format("{}_{}", plain, number);
    }
    names.push_back(name);
  }
  return names;
}

const Discovery& discovery() {
  static const Discovery found = discover();
  return found;
}

}  // namespace plumb::vulkan
