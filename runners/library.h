// Implementations from a user's shared object.
#pragma once

#include <filesystem>
#include <vector>

#include "runners/check.h"

namespace plumb {

/// The implementations of a shared object. It is loaded in a child process, so that one whose loading crashes is an
/// error and not the end, and so that no thread or device of it is lost in a fork: what is returned loads it where it
/// is first called. Throws Error naming the file and what is wrong: not a shared object, no plumb_get_library, another
/// ABI version, an implementation with missing fields, an unknown operator, a contract that makes no sense, a name that
/// is no plain word, or one given twice.
[[nodiscard]] std::vector<Subject> load_library(const std::filesystem::path& path);

}  // namespace plumb
