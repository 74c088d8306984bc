// The page of a benchmark run.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "reports/bench/columns.h"
#include "reports/bench/formats.h"
#include "reports/html/legend.h"
#include "reports/html/markup.h"
#include "reports/html/page.h"
#include "reports/number_text.h"

namespace plumb::bench {
namespace {

// The page's colours are named after outcomes (page.css.inc).
const char* tone(const Record& record) {
  if (record.misbehaved) return "fail";
  if (!is_measured(record)) return "skip";
  return standing(record) == Standing::missed ? "vacuous" : "pass";
}

const char* page_tone(const Run& run) {
  if (exit_code(run) == 1) return "fail";
  return exit_code(run) == 0 && std::ranges::all_of(bars(run), is_reached) ? "pass" : "vacuous";
}

std::string header(const Run& run) {
  std::string html =
      fmt::format("<header class=\"{}\">\n<div class=\"verdict\">\n<p class=\"brand\">plumbline</p>\n<h1>{}</h1>\n",
                  page_tone(run), html_text(headline(run)));
  html += "<p class=\"meaning\">Speed, beside what this machine can do. All rates are medians.</p>\n</div>\n";
  if (run.info.interrupted) html += "<p class=\"banner\" role=\"alert\"><b>The run was interrupted.</b></p>\n";
  html += "<dl class=\"facts\">\n" + fact("Command", run.info.command, "wide mono") +
          fact("Started", run.info.started) + fact("Time", duration_text(run.info.seconds)) +
          fact("Sampled for", duration_text(run.min_seconds) + " or more a case") + fact("Version", run.info.version) +
          fact("Machine", run.info.machine, "wide");
  return html + "</dl>\n</header>\n";
}

// A bar of the share of memcpy, full at 100 %.
std::string meter(const Record& record) {
  return fmt::format("<span class=\"meter\"><i style=\"width:{:.0f}%\"></i></span>",
                     100 * std::clamp(record.share_of_copy.median, 0.0, 1.0));
}

std::string row(const Record& record) {
  std::string html = fmt::format("<tr class=\"{}\">", tone(record));
  for (std::size_t i = 0; i < columns().size(); ++i) {
    const std::string text = html_text(columns()[i].text(record));
    if (i < kNameColumns) {
      html += fmt::format("<td class=\"name\">{}</td>", text);
    } else if (i + 1 < columns().size()) {
      html += fmt::format("<td class=\"number\">{}</td>", text);
    } else {
      html += "<td>" + (text.empty() ? "" : fmt::format("<span class=\"badge {}\">{}</span>", tone(record), text)) +
              (is_measured(record) && copy_rate(record) > 0 ? meter(record) : "") + "</td>";
    }
  }
  return html + "</tr>\n";
}

std::string table(const Run& run) {
  std::string html =
      "<section id=\"cases\">\n<h2>Measurements</h2>\n<div class=\"scroll\" role=\"region\" "
      "aria-label=\"Measurements\" "
      "tabindex=\"0\">\n<table class=\"cases\">\n<thead><tr>";
  for (std::size_t i = 0; i < columns().size(); ++i) {
    html += fmt::format("<th scope=\"col\" class=\"{}\">{}</th>", i < kNameColumns ? "" : "number",
                        html_text(columns()[i].heading));
  }
  html += "</tr></thead>\n<tbody>\n";
  for (const Record& record : run.records) html += row(record);
  return html + "</tbody>\n</table>\n</div>\n</section>\n";
}

std::string bar_row(const Bar& bar) {
  const char* tone = is_reached(bar) ? "pass" : "vacuous";
  return fmt::format(
      "<tr class=\"{}\"><td class=\"name\">{}</td><td class=\"name\">{}</td><td class=\"number\">{}</td><td>{}</td>"
      "<td class=\"number\">{:.0f}</td><td><span class=\"badge {}\">{}</span> {}</td></tr>\n",
      tone, html_text(bar.ours->case_name), html_text(bar.ours->impl), bar.ours->threads, html_text(bar.to),
      std::floor(100 * bar.reached), tone, is_reached(bar) ? "reached" : "MISSED",
      is_reached(bar) ? "" : html_text(bar.why));
}

// What each record of ours is held to, misses first.
std::string bars_section(const Run& run) {
  std::vector<Bar> all = bars(run);
  std::ranges::stable_partition(all, std::not_fn(is_reached));
  std::string rows;
  for (const Bar& bar : all) rows += bar_row(bar);
  if (rows.empty()) return "";
  return "<section id=\"bars\">\n<h2>Bars</h2>\n<p>Memory's rates over the same footprint, and the speed of each peer "
         "that was timed on the same sizes with the same threads. Where one is missed, what the peer computes instead "
         "of "
         "the same layer is said.</p>\n<div class=\"scroll\" role=\"region\" aria-label=\"Bars\" tabindex=\"0\">\n"
         "<table class=\"cases\">\n<thead><tr><th scope=\"col\">case</th><th scope=\"col\">implementation</th>"
         "<th scope=\"col\" class=\"number\">threads</th><th scope=\"col\">held to</th>"
         "<th scope=\"col\" class=\"number\">reached %</th><th scope=\"col\" "
         "class=\"why\"></th></tr></thead>\n<tbody>\n" +
         rows + "</tbody>\n</table>\n</div>\n</section>\n";
}

}  // namespace

std::string write_html(const Run& run) {
  return page_start(headline(run)) + header(run) + "<main>\n" + bars_section(run) + table(run) +
         legend_section(columns()) + "</main>\n" + page_end(run.info.version);
}

}  // namespace plumb::bench
