// Which built-in implementations are there? impls.cc is the table.
#pragma once

#include <memory>
#include <vector>

#include "impls/builtin.h"

namespace plumb {

using Builtins = std::vector<std::unique_ptr<Builtin>>;

/// All built-in implementations, also those that cannot run here (they carry the reason). Made once per process.
/// Vulkan devices are enumerated in a short-lived child process, so that the caller may still fork.
[[nodiscard]] const Builtins& builtin_impls();

}  // namespace plumb
