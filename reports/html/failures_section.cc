#include <fmt/format.h>

#include <map>
#include <utility>

#include "reports/html/markup.h"
#include "reports/html/sections.h"
#include "reports/number_text.h"
#include "reports/sentence.h"

namespace plumb {
namespace {

std::string command_html(const std::string& command) {
  if (command.empty()) return "";
  return fmt::format(
      "<div class=\"again\"><code>{0}</code><button type=\"button\" class=\"copy js-only\" "
      "aria-label=\"Copy the command\">Copy</button></div>\n",
      html_text(command));
}

std::string failure_html(const Record& record) {
  std::string html = fmt::format(
      "<article class=\"failure {}\">\n<h3>{} <span class=\"impl\">{}</span> <code class=\"case\">{}</code></h3>\n",
      to_string(record.outcome), badge(record.outcome), html_text(record.impl), html_text(record.case_name));
  if (const std::string sentence = evidence(record); !sentence.empty())
    html += fmt::format("<p class=\"evidence\">{}</p>\n", html_text(sentence));
  if (!record.reason.empty()) html += fmt::format("<p class=\"reason\">{}</p>\n", html_text(record.reason));
  if (!record.diagnosis.empty())
    html += fmt::format("<p class=\"diagnosis\">{}</p>\n", html_text(diagnosis_text(record)));
  html += heat_map(record);
  if (!record.smallest.empty())
    html += fmt::format("<p class=\"reason\">smallest case that fails: <code>{}</code></p>\n",
                        html_text(smallest_command(record)));
  return html + command_html(record.again) + "</article>\n";
}

using CellName = std::pair<std::string, std::string>;  // op, impl

/// Appends the records for which `shown` holds, in order, and what is left unsaid of each cell.
template <class Shown>
std::string list_of(const Run& run, Shown shown) {
  std::map<CellName, std::int64_t> counts;
  std::string html;
  for (const Record& record : run.records)
    if (shown(record.outcome) && ++counts[{record.op, record.impl}] <= kFailuresPerCell) html += failure_html(record);
  for (const auto& [cell, count] : counts)
    if (count > kFailuresPerCell)
      html += fmt::format(
          "<p class=\"more\">… and {} more of {} on {} <a class=\"filter js-only\" href=\"#cases\" data-op=\"{}\" "
          "data-impl=\"{}\">list them</a></p>\n",
          thousands(count - kFailuresPerCell), html_text(cell.first), html_text(cell.second), html_text(cell.first),
          html_text(cell.second));
  return html;
}

}  // namespace

std::string failures_section(const Run& run) {
  const std::string wrong = list_of(run, [](Outcome outcome) { return is_wrong(outcome); });
  const std::string vacuous = list_of(run, [](Outcome outcome) { return outcome == Outcome::vacuous; });
  std::string html;
  if (!wrong.empty()) html += "<section id=\"failures\">\n<h2>Failures</h2>\n" + wrong + "</section>\n";
  if (!vacuous.empty())
    html +=
        "<section id=\"vacuous\">\n<h2>Vacuous cases</h2>\n<p class=\"note\">Their data could not have shown a fault, "
        "so that they passed means nothing. This is plumbline's shortcoming, not the implementation's.</p>\n" +
        vacuous + "</section>\n";
  return html;
}

std::string skips_section(const Summary& summary) {
  if (summary.skip_reasons.empty()) return "";
  std::string html =
      "<section id=\"skips\">\n<h2>Not run</h2>\n<div class=\"scroll\"><table class=\"plain\">\n<thead><tr><th "
      "scope=\"col\" class=\"number\">cases</th><th scope=\"col\">reason</th></tr></thead>\n<tbody>\n";
  for (const SkipReason& skip : summary.skip_reasons)
    html += fmt::format(
        "<tr><td class=\"number\">{0}</td><td><a class=\"filter\" href=\"#cases\" data-outcome=\"skip\" "
        "data-text=\"{1}\">{1}</a></td></tr>\n",
        thousands(skip.count), html_text(skip.reason.empty() ? "(no reason given)" : skip.reason));
  return html + "</tbody>\n</table></div>\n</section>\n";
}

std::string layouts_section(const std::vector<LayoutPicture>& layouts) {
  if (layouts.empty()) return "";
  std::string html =
      "<section id=\"layouts\">\n<h2>Packed layouts</h2>\n<p class=\"note\">Where each element lies, as the operators "
      "declare it.</p>\n";
  for (const LayoutPicture& picture : layouts)
    html += fmt::format("<figure><figcaption><b>{}</b> {}</figcaption><pre tabindex=\"0\">{}</pre></figure>\n",
                        html_text(picture.op), html_text(picture.layout), html_text(picture.ascii));
  return html + "</section>\n";
}

}  // namespace plumb
