// Facts about this machine, for reports.
#pragma once

#include <string>
#include <vector>

namespace plumb {

/// CPU model, number of cores, and the compiled CPU targets it can run.
[[nodiscard]] std::string describe_machine();
/// Vulkan devices, with driver; empty if there are none.
[[nodiscard]] std::vector<std::string> vulkan_devices();

}  // namespace plumb
