#include <fmt/format.h>

#include "reports/html/markup.h"
#include "reports/html/sections.h"
#include "reports/number_text.h"

namespace plumb {
namespace {

constexpr std::string_view kPlumbBob =
    R"(<svg class="bob" viewBox="0 0 24 64" aria-hidden="true"><path d="M12 0v26"/><circle cx="12" cy="28" r="3"/><path class="weight" d="M4 33h16v6L12 62 4 39z"/></svg>)";

struct Face {
  std::string_view tone;  ///< CSS class.
  std::string_view icon;
  std::string_view meaning;
};

Face face_of(int code) {
  if (code == 0) return {"pass", "✓", "Every compared element lies within its proved bound."};
  if (code == 1) return {"fail", "✗", "At least one implementation gave a wrong answer or misbehaved."};
  return {"vacuous", "!", "This run does not prove the implementations right."};
}

/// A strip whose parts are as long as the outcomes are many (never less than a visible sliver).
std::string proportion_bar(const Counts& counts) {
  std::string bar = "<div class=\"proportions\" aria-hidden=\"true\">";
  for (const Outcome outcome : all_outcomes())
    if (counts[outcome] > 0)
      bar += fmt::format("<span class=\"{}\" style=\"flex-grow:{}\"></span>", to_string(outcome), counts[outcome]);
  return bar + "</div>\n";
}

std::string count_list(const Counts& counts) {
  std::string list = "<ul class=\"counts\">";
  for (const Outcome outcome : all_outcomes())
    if (counts[outcome] > 0)
      list += fmt::format(
          "<li><a class=\"filter badge {0}\" href=\"#cases\" data-outcome=\"{0}\"><span "
          "aria-hidden=\"true\">{1}</span> "
          "<b>{2}</b> {0}</a></li>",
          to_string(outcome), icon(outcome), thousands(counts[outcome]));
  return list + "</ul>\n";
}

std::string banner(const Run& run, const Summary& summary) {
  if (!summary.cut_short) return "";
  return fmt::format(
      "<p class=\"banner\" role=\"alert\"><b><span aria-hidden=\"true\">⚠</span> {}.</b> {} of {} planned were judged; "
      "what follows is true of these only.</p>\n",
      run.info.interrupted ? "The run was interrupted" : "The run was cut short",
      thousands(summary.totals.counts.cases()), count_of(summary.planned, "case"));
}

void add_fact(std::string& list, std::string_view term, const std::string& text, std::string_view css = "") {
  if (!text.empty())
    list += fmt::format("<div class=\"{}\"><dt>{}</dt><dd>{}</dd></div>\n", css, term, html_text(text));
}

std::string facts(const Run& run) {
  std::string devices;
  for (const std::string& device : run.info.devices) devices += (devices.empty() ? "" : "\n") + device;
  const auto cases = static_cast<std::int64_t>(run.records.size());
  const std::string rate =
      run.info.seconds > 0 ? thousands(static_cast<std::int64_t>(static_cast<double>(cases) / run.info.seconds)) : "";
  std::string list = "<dl class=\"facts\">\n";
  add_fact(list, "Command", run.info.command, "wide mono");
  add_fact(list, "Seed", std::to_string(run.info.seed), "mono");
  add_fact(list, "Started", run.info.started);
  add_fact(list, "Time", duration_text(run.info.seconds));
  if (!rate.empty()) add_fact(list, "Speed", rate + " cases/s");
  add_fact(list, "Cases", thousands(cases) + " of " + thousands(run.info.planned) + " planned");
  add_fact(list, "Version", run.info.version);
  add_fact(list, "Machine", run.info.machine, "wide");
  add_fact(list, run.info.devices.size() == 1 ? "Device" : "Devices", devices.empty() ? "none" : devices, "wide lines");
  return list + "</dl>\n";
}

}  // namespace

std::string header_section(const Run& run, const Summary& summary) {
  const int code = exit_code(summary);
  const Face face = face_of(code);
  std::string html = fmt::format("<header class=\"{}\">\n<div class=\"verdict\">\n<p class=\"brand\">{}plumbline</p>\n",
                                 face.tone, kPlumbBob);
  html += fmt::format(
      "<h1><span class=\"mark\" aria-hidden=\"true\">{}</span>{}</h1>\n<p class=\"meaning\">{} <span "
      "class=\"code\">Exit "
      "code {}.</span></p>\n",
      face.icon, html_text(headline(summary)), face.meaning, code);
  html += proportion_bar(summary.totals.counts) + count_list(summary.totals.counts) + "</div>\n";
  html += banner(run, summary) + facts(run) + "</header>\n";
  return html;
}

}  // namespace plumb
