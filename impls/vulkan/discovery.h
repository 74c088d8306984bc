// Which Vulkan devices does this machine have? Found out in a child process, since drivers start threads and may crash.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "impls/vulkan/device.h"

namespace plumb::vulkan {

/// A device that kernels can run on: Vulkan 1.1 or later, with a queue for compute.
struct FoundDevice {
  DeviceId id;
  std::string driver;       ///< e.g. "llvmpipe Mesa 22.3.6 (LLVM 15.0.6)".
  std::string api_version;  ///< e.g. "1.3.230".
};

/// Devices in the drivers' order, or why there are none.
struct Discovery {
  std::vector<FoundDevice> devices = {};
  std::string unavailable = {};  ///< Empty exactly if there are devices.
};

/// The devices of this machine. Asked once per process.
[[nodiscard]] const Discovery& discovery();

/// What implementation names use: the device name up to '(', lower case, other characters than letters and digits as
/// '_'. "llvmpipe (LLVM 15.0.6, 256 bits)" gives "llvmpipe".
[[nodiscard]] std::string short_name(std::string_view device_name);
/// "vulkan.<short name>" of each device; later ones of the same name get "_2", "_3", ….
[[nodiscard]] std::vector<std::string> implementation_names(const std::vector<FoundDevice>& devices);

/// The child's half: loads the drivers and lists their devices, a line each. Throws DeviceError.
[[nodiscard]] std::string list_devices();
/// The parent's half: reads what list_devices wrote.
[[nodiscard]] Discovery parse_devices(std::string_view lines);

}  // namespace plumb::vulkan
