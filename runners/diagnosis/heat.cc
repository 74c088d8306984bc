// A picture of where the wrong elements of an output are.

#include <algorithm>
#include <cmath>

#include "runners/diagnosis/evidence.h"

namespace plumb {
namespace {

// Larger outputs are shown with several elements to a cell.
constexpr std::int64_t kMostRows = 32, kMostColumns = 64;

}  // namespace

std::vector<std::string> heat_of(const Evidence& evidence) {
  if (evidence.wrong_count() == 0) return {};
  const std::size_t output = evidence.first_wrong_output();
  const Tensor& got = evidence.outputs()[output];
  const std::int64_t columns = got.shape().empty() ? 1 : got.shape().back(), rows = got.size() / columns;
  const std::int64_t tall = (rows + kMostRows - 1) / kMostRows, wide = (columns + kMostColumns - 1) / kMostColumns;
  const std::int64_t height = (rows + tall - 1) / tall, width = (columns + wide - 1) / wide;
  std::vector<double> wrong(static_cast<std::size_t>(height * width));
  for (const std::int64_t flat : evidence.wrong(output)) {
    wrong[static_cast<std::size_t>(flat / columns / tall * width + flat % columns / wide)] += 1;
  }
  std::vector<std::string> lines;
  for (std::int64_t y = 0; y < height; ++y) {
    std::string& line = lines.emplace_back();
    for (std::int64_t x = 0; x < width; ++x) {
      const std::int64_t in_cell = std::min(tall, rows - y * tall) * std::min(wide, columns - x * wide);
      // Rounded up: one wrong element of many shows.
      line += static_cast<char>('0' + static_cast<int>(std::ceil(9 * wrong[static_cast<std::size_t>(y * width + x)] /
                                                                 static_cast<double>(in_cell))));
    }
  }
  return lines;
}

}  // namespace plumb
