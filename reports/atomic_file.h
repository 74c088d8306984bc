// Files that appear whole or not at all.
#pragma once

#include <filesystem>
#include <string>

namespace plumb {

/// Creates a folder, if need be. Throws plumb::Error naming the path that could not be made.
void make_directories(const std::filesystem::path& dir);

/// Writes a temporary file and renames it over `path`. Throws plumb::Error naming the path that could not be written.
void write_atomically(const std::filesystem::path& path, const std::string& text);

}  // namespace plumb
