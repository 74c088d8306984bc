#include "reports/aligned_text.h"

#include <algorithm>

namespace plumb {

std::string aligned_text(const std::vector<std::vector<std::string>>& rows, std::size_t names) {
  std::vector<std::size_t> widths(rows.empty() ? 0 : rows[0].size());
  for (const auto& row : rows)
    for (std::size_t column = 0; column < row.size(); ++column)
      widths[column] = std::max(widths[column], row[column].size());
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t column = 0; column < row.size(); ++column) {
      const std::string padding(widths[column] - row[column].size(), ' ');
      const bool is_number = column >= names && column + 1 < row.size();
      if (column > 0) line += "  ";
      line += is_number ? padding + row[column] : row[column] + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

}  // namespace plumb
