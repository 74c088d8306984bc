// From HDF5 to golden::File, in this very process. Use golden::read, which keeps the library's crashes away.
#pragma once

#include <filesystem>

#include "golden/golden.h"

namespace plumb::golden {

/// Reads one file by the rules of FORMAT.md and throws plumb::Error for whatever departs from them. Silences HDF5's own
/// printing of errors for the rest of the process. On a damaged file the library may crash, hang or exhaust memory.
[[nodiscard]] File parse(const std::filesystem::path& path);

}  // namespace plumb::golden
