#include "reports/text_table.h"

#include "reports/aligned_text.h"
#include "reports/number_text.h"

namespace plumb {
namespace {

using Line = std::vector<std::string>;

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

}  // namespace

std::string text_table(const Summary& summary) {
  std::vector<Line> lines = {{"operator", "implementation", "cases", "pass", "fail", "skip", "worst error/bound", ""}};
  for (std::size_t op = 0; op < summary.ops.size(); ++op)
    for (std::size_t impl = 0; impl < summary.impls.size(); ++impl)
      if (const Cell& cell = summary.cell(op, impl); cell.counts.cases() > 0)
        lines.push_back(cell_line(summary.ops[op], summary.impls[impl], cell));
  lines.push_back(cell_line("total", "", summary.totals));
  std::string text = aligned_text(lines, 2);
  for (const SkipReason& skip : summary.skip_reasons)
    text += "skip " + thousands(skip.count) + " x: " + skip.reason + "\n";
  return text;
}

std::string text_table(const Table& table) {
  std::vector<Line> lines = {table.header};
  lines.insert(lines.end(), table.rows.begin(), table.rows.end());
  return table.title + "\n" + aligned_text(lines, table.header.size());
}

}  // namespace plumb
