#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reports/html/markup.h"
#include "reports/html/sections.h"
#include "reports/number_text.h"

namespace plumb {
namespace {

/// The outcome that speaks for a cell: the worst that happened in it; skip only if nothing else did.
Outcome face_of(const Counts& counts) {
  for (const Outcome outcome :
       {Outcome::fail, Outcome::crash, Outcome::hang, Outcome::flaky, Outcome::vacuous, Outcome::pass, Outcome::xfail})
    if (counts[outcome] > 0) return outcome;
  return Outcome::skip;
}

/// Where a ratio stands on the meter: 0 % at 1e-4 and below, 100 % at the bound and beyond (log scale).
int meter_percent(double ratio) {
  constexpr double kDecades = 4;
  if (!(ratio < 1)) return 100;  // NaN too
  return ratio > 0 ? static_cast<int>(std::lround(100 * std::max(0.0, 1 + std::log10(ratio) / kDecades))) : 0;
}

std::string meter(double ratio) {
  return fmt::format(
      "<span class=\"worst\"><span class=\"meter{}\" aria-hidden=\"true\"><i style=\"width:{}%\"></i></span>"
      "<span class=\"sr\">worst error/bound </span>{}</span>",
      ratio <= 1 ? "" : " over", meter_percent(ratio), ratio_text(ratio));
}

std::string detail(const std::string& op, const std::string& impl, const Cell& cell) {
  std::vector<Outcome> outcomes(all_outcomes().begin(), all_outcomes().end());
  return fmt::format("{} on {}\n{}: {}\nworst error/bound: {}\ntime in the implementation: {}", op, impl,
                     count_of(cell.counts.cases(), "case"), counts_text(cell.counts, outcomes),
                     cell.worst_ratio ? ratio_text(*cell.worst_ratio) : "nothing was compared",
                     duration_text(cell.milliseconds / 1e3));
}

std::string cell_html(const std::string& op, const std::string& impl, const Cell& cell) {
  const Counts& counts = cell.counts;
  if (counts.cases() == 0) return "<td class=\"empty\">not run</td>";
  const Outcome face = face_of(counts);
  std::vector<Outcome> others;
  for (const Outcome outcome : all_outcomes())
    if (outcome != face && counts[outcome] > 0) others.push_back(outcome);
  return fmt::format(
      "<td><a class=\"cell filter {0}\" href=\"#cases\" data-op=\"{1}\" data-impl=\"{2}\" title=\"{3}\">"
      "<span class=\"face\"><span aria-hidden=\"true\">{4}</span> <b>{5}</b> {0}</span>"
      "<span class=\"others\">{6}</span>{7}</a></td>",
      to_string(face), html_text(op), html_text(impl), html_text(detail(op, impl, cell)), icon(face),
      thousands(counts[face]), counts_text(counts, others), cell.worst_ratio ? meter(*cell.worst_ratio) : "");
}

}  // namespace

std::string matrix_section(const Summary& summary) {
  if (summary.ops.empty()) return "";
  std::string html =
      "<section id=\"matrix\">\n<h2>Operators × implementations</h2>\n<p class=\"note\">Each cell: cases by outcome, "
      "and "
      "the worst error/bound of any element (the bar is full at the bound)<span class=\"js-only\">. Select a cell to "
      "list its cases</span>.</p>\n<div class=\"scroll\" role=\"region\" aria-label=\"Matrix\" tabindex=\"0\">\n"
      "<table class=\"matrix\">\n<thead><tr><th scope=\"col\">operator</th>";
  for (const std::string& impl : summary.impls) html += fmt::format("<th scope=\"col\">{}</th>", html_text(impl));
  html += "</tr></thead>\n<tbody>\n";
  for (std::size_t op = 0; op < summary.ops.size(); ++op) {
    html += fmt::format("<tr><th scope=\"row\">{}</th>", html_text(summary.ops[op]));
    for (std::size_t impl = 0; impl < summary.impls.size(); ++impl)
      html += cell_html(summary.ops[op], summary.impls[impl], summary.cell(op, impl));
    html += "</tr>\n";
  }
  return html + "</tbody>\n</table>\n</div>\n</section>\n";
}

}  // namespace plumb
