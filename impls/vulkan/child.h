// Asking a child process, for questions that load code which starts threads or may crash.
#pragma once

#include <functional>
#include <string>

namespace plumb::vulkan {

/// Forks, lets the child compute `body()`, and returns what it returned. The child leaves no trace in this process, and
/// ends without running exit handlers. Throws DeviceError with the reason if `body` throws, or if the child dies or
/// takes longer than `timeout_ms` (it is then killed).
[[nodiscard]] std::string ask_child(const std::function<std::string()>& body, int timeout_ms);

}  // namespace plumb::vulkan
