#include "reports/html.h"

#include <fmt/format.h>

#include <string_view>

#include "reports/html/markup.h"
#include "reports/html/sections.h"
#include "reports/summary.h"

namespace plumb {
namespace {

constexpr std::string_view kStyle =
#include "reports/html/page.css.inc"
    ;
constexpr std::string_view kScript =
#include "reports/html/page.js.inc"
    ;

/// The policy makes "no network" a promise that the browser keeps.
constexpr std::string_view kHead = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M8 0v6' stroke='%23888' stroke-width='1.5'/%3E%3Cpath d='M4.5 6h7L8 16z' fill='%23c08a2b'/%3E%3C/svg%3E">
)";

}  // namespace

std::string write_html(const Run& run, const std::vector<LayoutPicture>& layouts) {
  const Summary summary = summarize(run);
  std::string page(kHead);
  page += fmt::format("<title>{} \xE2\x80\x93 plumbline</title>\n<style>\n{}</style>\n</head>\n<body>\n",
                      html_text(headline(summary)), kStyle);
  page += "<a class=\"skip-link\" href=\"#cases\">Skip to all cases</a>\n";
  page += header_section(run, summary);
  page += "<main>\n";
  page += matrix_section(summary);
  page += failures_section(run);
  page += ratio_section(run, summary);
  page += skips_section(summary);
  page += cases_section(run);
  page += layouts_section(layouts);
  page += "</main>\n<footer>plumbline " + html_text(run.info.version) +
          "</footer>\n<div id=\"tip\" role=\"tooltip\" hidden></div>\n";
  page += fmt::format("<script>\n{}</script>\n</body>\n</html>\n", kScript);
  return page;
}

}  // namespace plumb
