// Compute-shader kernels, once for each Vulkan device of this machine.
#pragma once

#include <string>
#include <vector>

#include "impls/impls.h"

namespace plumb {

/// Adds each operator once per device, named `vulkan.<device>`, e.g. "vulkan.llvmpipe". Without a usable device each is
/// added once, as "vulkan", with the reason why it is unavailable. Variants of linear layers that the host chooses
/// between are implementations of their own besides, e.g. "vulkan.llvmpipe.tiled".
///
/// Devices are found by a short-lived child process, once; no driver is loaded into the caller, which may still fork. A
/// device is opened by the process that first runs a kernel on it.
void append_vulkan_impls(Builtins& impls);

/// One line for each device: name, driver and API version; or the one reason why there is none. For reports.
[[nodiscard]] std::vector<std::string> vulkan_device_descriptions();

}  // namespace plumb
