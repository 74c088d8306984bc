// Implementations from a user's shared object.
#pragma once

#include <filesystem>
#include <vector>

#include "runners/check.h"

namespace plumb {

/// Loads a shared object and returns its implementations. It is first loaded in a child process, so that one whose
/// loading crashes is an error and not the end. Throws Error naming the file and what is wrong: not a shared object, no
/// plumb_get_library, another ABI version, an implementation with missing fields, an unknown operator, a contract that
/// makes no sense, or a name given twice. The library stays loaded.
[[nodiscard]] std::vector<Subject> load_library(const std::filesystem::path& path);

}  // namespace plumb
