// The page of an accuracy run.
#include <fmt/format.h>

#include <algorithm>

#include "reports/accuracy/columns.h"
#include "reports/accuracy/formats.h"
#include "reports/accuracy/plots.h"
#include "reports/html/legend.h"
#include "reports/html/markup.h"
#include "reports/html/page.h"
#include "reports/number_text.h"

namespace plumb::accuracy {
namespace {

constexpr const char* kPlotStyle =
    "<style>\n"
    "svg.accuracy line.good, svg.accuracy polyline.good { stroke: var(--pass-solid); stroke-width: 1.6; }\n"
    "svg.accuracy line.bad, svg.accuracy polyline.bad { stroke: var(--bad-solid); stroke-width: 2; }\n"
    "svg.accuracy circle.good { fill: var(--pass-solid); }\nsvg.accuracy circle.bad { fill: var(--bad-solid); }\n"
    "svg.accuracy polyline { fill: none; stroke: var(--idle-solid); stroke-width: 2; }\n"
    "svg.accuracy polyline.injected { stroke-dasharray: 5 4; }\n"
    ".cases td.number, .cases th.number { white-space: nowrap; padding-right: 16px; }\n"
    "h3 { margin-top: 18px; font-size: 1rem; }\n</style>\n";

std::string page_tone(const Run& run) {
  const int code = exit_code(run);
  return code == 0 ? "pass" : code == 1 ? "fail" : "vacuous";
}

std::string header(const Run& run) {
  std::string html =
      fmt::format("<header class=\"{}\">\n<div class=\"verdict\">\n<p class=\"brand\">plumbline</p>\n<h1>{}</h1>\n",
                  page_tone(run), html_text(headline(run)));
  html +=
      "<p class=\"meaning\">What quantisation costs a language model, and what its kernels cost on top.</p>\n</div>\n";
  if (run.info.interrupted) {
    html +=
        "<p class=\"banner\" role=\"alert\"><b>The run was interrupted.</b> What follows is what was measured "
        "until then.</p>\n";
  }
  html += "<dl class=\"facts\">\n" + fact("Command", run.info.command, "wide mono") +
          fact("Model", run.model, "wide mono") + fact("Text", run.text, "wide mono") +
          fact("Window", count_of(run.window, "token")) + fact("Started", run.info.started) +
          fact("Time", duration_text(run.info.seconds)) + fact("Version", run.info.version) +
          fact("Machine", run.info.machine, "wide");
  for (const std::string& device : run.info.devices) html += fact("Device", device, "wide");
  for (const Peer& peer : run.peers) {
    html += fact(peer.name.c_str(), peer.absent.empty() ? fmt::format("perplexity {:.4f}, {:.0f} tokens per second",
                                                                      peer.perplexity, peer.tokens_per_second)
                                                        : "absent: " + peer.absent);
  }
  for (const std::string& note : run.notes) html += fact("Note", note, "wide");
  return html + "</dl>\n</header>\n";
}

// What is not as it should be, or was not measured, and why.
std::string complaints(const Run& run) {
  std::string html;
  for (const Record& record : run.records) {
    if (record.reason.empty()) continue;
    html += fmt::format(
        "<div class=\"failure {}\"><h3>{} <span class=\"impl\">{}</span> {}</h3><p class=\"reason\">{}</p></div>\n",
        plumb::to_string(record.outcome), badge(record.outcome), html_text(record.impl), html_text(record.scheme),
        html_text(record.reason));
  }
  return html.empty() ? "" : "<section id=\"failures\">\n<h2>What is wrong or missing</h2>\n" + html + "</section>\n";
}

std::string row(const Record& record, const std::vector<const Column*>& shown) {
  std::string html = fmt::format("<tr class=\"{}\">", plumb::to_string(record.outcome));
  for (const Column* column : shown) {
    const bool name = column < columns().data() + kNameColumns;
    html += fmt::format("<td class=\"{}\">{}</td>", name ? "name" : "number", html_text(column->text(record)));
    if (column == columns().data() + kNameColumns - 1) html += "<td>" + badge(record.outcome) + "</td>";
  }
  return html + "</tr>\n";
}

std::string table(const Run& run) {
  std::vector<const Column*> shown;
  for (const Column& column : columns()) {
    const auto told = [&](const Record& record) { return column.text(record) != "-"; };
    const bool name = &column < columns().data() + kNameColumns;
    if (name || std::ranges::any_of(run.records, told)) shown.push_back(&column);
  }
  std::string html =
      "<section id=\"cases\">\n<h2>Measurements</h2>\n<div class=\"scroll\" role=\"region\" "
      "aria-label=\"Measurements\" tabindex=\"0\">\n<table class=\"cases\">\n<thead><tr>";
  for (const Column* column : shown) {
    const bool name = column < columns().data() + kNameColumns;
    html += fmt::format("<th scope=\"col\" class=\"{}\" title=\"{}\">{}</th>", name ? "" : "number",
                        html_text(column->meaning), html_text(column->heading));
    if (column == columns().data() + kNameColumns - 1)
      html += "<th scope=\"col\"><span class=\"sr\">outcome</span></th>";
  }
  html += "</tr></thead>\n<tbody>\n";
  for (const Record& record : run.records) html += row(record, shown);
  return html + "</tbody>\n</table>\n</div>\n</section>\n";
}

}  // namespace

std::string write_html(const Run& run) {
  return page_start(headline(run)) + kPlotStyle + header(run) + "<main>\n" + complaints(run) + table(run) +
         increase_section(run) + divergence_section(run) + layers_section(run) + legend_section(columns()) +
         "</main>\n" + page_end(run.info.version);
}

}  // namespace plumb::accuracy
