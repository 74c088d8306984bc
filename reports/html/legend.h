// What the columns of a table say.
#pragma once

#include <fmt/format.h>

#include <span>
#include <string>

#include "reports/html/markup.h"

namespace plumb {

/// A section with the meaning of each column that has one: `heading` and `meaning` are texts.
template <class Column>
std::string legend_section(std::span<const Column> columns) {
  std::string html = "<section id=\"legend\">\n<h2>What the columns say</h2>\n<table class=\"plain\">\n";
  for (const Column& column : columns) {
    if (column.meaning[0] == '\0') continue;
    html += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", html_text(column.heading),
                        html_text(column.meaning));
  }
  return html + "</table>\n</section>\n";
}

}  // namespace plumb
