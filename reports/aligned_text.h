// Columns of text for the terminal.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace plumb {

/// Rows of equally many cells, as lines with two blanks between columns. The first `names` columns and the last, which
/// is a remark, are set flush left; what stands between are numbers, set flush right. No blanks end a line.
[[nodiscard]] std::string aligned_text(const std::vector<std::vector<std::string>>& rows, std::size_t names);

}  // namespace plumb
