#include "reports/html.h"

#include <fmt/format.h>

#include <string_view>

#include "reports/html/markup.h"
#include "reports/html/page.h"
#include "reports/html/sections.h"
#include "reports/summary.h"

namespace plumb {
namespace {

constexpr std::string_view kScript =
#include "reports/html/page.js.inc"
    ;

}  // namespace

std::string write_html(const Run& run, const std::vector<LayoutPicture>& layouts) {
  const Summary summary = summarize(run);
  std::string page = page_start(headline(summary));
  page += "<a class=\"skip-link\" href=\"#cases\">Skip to all cases</a>\n";
  page += header_section(run, summary);
  page += "<main>\n";
  page += matrix_section(summary);
  page += tables_section(run);
  page += failures_section(run);
  page += ratio_section(run, summary);
  page += skips_section(summary);
  page += cases_section(run);
  page += layouts_section(layouts);
  page += "</main>\n";
  page += page_end(run.info.version,
                   fmt::format("<div id=\"tip\" role=\"tooltip\" hidden></div>\n<script>\n{}</script>\n", kScript));
  return page;
}

}  // namespace plumb
