// A golden file's contents as one string of bytes, to cross the pipe from the child process that reads it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "golden/golden.h"

namespace plumb::golden {

/// Everything in `file`. Only for from_bytes of the same program: the byte order is the machine's, and there is no
/// version.
[[nodiscard]] std::string to_bytes(const File& file);

/// Inverse of to_bytes. Throws plumb::Error, naming `path`, for bytes that to_bytes cannot have written.
[[nodiscard]] File from_bytes(std::string_view bytes, const std::filesystem::path& path);

}  // namespace plumb::golden
