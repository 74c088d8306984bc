#include "reports/text_table.h"

#include <algorithm>
#include <array>

#include "reports/number_text.h"

namespace plumb {
namespace {

constexpr std::size_t kColumns = 8;
using Line = std::array<std::string, kColumns>;

/// The first two columns are names, the last a remark; what stands between are numbers, set flush right.
bool is_number_column(std::size_t column) { return column >= 2 && column + 1 < kColumns; }

Line cell_line(const std::string& op, const std::string& impl, const Cell& cell) {
  const Counts& counts = cell.counts;
  return {op,
          impl,
          thousands(counts.cases()),
          thousands(counts[Outcome::pass]),
          thousands(counts.wrong()),
          thousands(counts[Outcome::skip]),
          cell.worst_ratio ? ratio_text(*cell.worst_ratio) : "-",
          counts_text(counts, {Outcome::fail, Outcome::crash, Outcome::hang, Outcome::flaky, Outcome::xfail,
                               Outcome::vacuous})};
}

std::string aligned(const std::vector<Line>& lines) {
  std::array<std::size_t, kColumns> widths{};
  for (const Line& line : lines)
    for (std::size_t column = 0; column < kColumns; ++column)
      widths[column] = std::max(widths[column], line[column].size());
  std::string text;
  for (const Line& line : lines) {
    std::string row;
    for (std::size_t column = 0; column < kColumns; ++column) {
      const std::string padding(widths[column] - line[column].size(), ' ');
      if (column > 0) row += "  ";
      row += is_number_column(column) ? padding + line[column] : line[column] + padding;
    }
    row.erase(row.find_last_not_of(' ') + 1);
    text += row + "\n";
  }
  return text;
}

}  // namespace

std::string text_table(const Summary& summary) {
  std::vector<Line> lines = {{"operator", "implementation", "cases", "pass", "fail", "skip", "worst error/bound", ""}};
  for (std::size_t op = 0; op < summary.ops.size(); ++op)
    for (std::size_t impl = 0; impl < summary.impls.size(); ++impl)
      if (const Cell& cell = summary.cell(op, impl); cell.counts.cases() > 0)
        lines.push_back(cell_line(summary.ops[op], summary.impls[impl], cell));
  lines.push_back(cell_line("total", "", summary.totals));
  std::string text = aligned(lines);
  for (const SkipReason& skip : summary.skip_reasons)
    text += "skip " + thousands(skip.count) + " x: " + skip.reason + "\n";
  return text;
}

}  // namespace plumb
