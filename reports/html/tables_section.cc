#include <fmt/format.h>

#include "reports/html/markup.h"
#include "reports/html/sections.h"

namespace plumb {
namespace {

std::string cell_html(const std::string& text) {
  if (!text.starts_with("https://")) return html_text(text);
  const std::size_t host = text.find('/', 8);
  const std::string label = host == std::string::npos ? text : text.substr(host + 1);
  return fmt::format("<a href=\"{}\" rel=\"noreferrer\">{}</a>", html_text(text), html_text(label));
}

// Rows that a reader can pass over; more are unfolded on demand.
constexpr std::size_t kManyRows = 60;

std::string table_html(const Table& table) {
  std::string html = fmt::format("<h2>{}</h2>\n", html_text(table.title));
  if (!table.note.empty()) html += fmt::format("<p class=\"note\">{}</p>\n", html_text(table.note));
  const bool folded = table.rows.size() > kManyRows;
  if (folded) html += fmt::format("<details><summary>{} rows</summary>\n", table.rows.size());
  html += fmt::format(
      "<div class=\"scroll\" role=\"region\" aria-label=\"{}\" tabindex=\"0\"><table class=\"plain\">\n<thead><tr>",
      html_text(table.title));
  for (const std::string& name : table.header) html += fmt::format("<th scope=\"col\">{}</th>", html_text(name));
  html += "</tr></thead>\n<tbody>\n";
  for (const auto& row : table.rows) {
    html += "<tr>";
    for (const std::string& cell : row) html += fmt::format("<td>{}</td>", cell_html(cell));
    html += "</tr>\n";
  }
  return html + "</tbody>\n</table></div>\n" + (folded ? "</details>\n" : "");
}

}  // namespace

std::string tables_section(const Run& run) {
  std::string html;
  for (const Table& table : run.tables) html += "<section class=\"tables\">\n" + table_html(table) + "</section>\n";
  return html;
}

std::string heat_map(const Record& record) {
  if (record.heat.empty()) return "";
  const std::size_t columns = record.heat[0].size(), rows = record.heat.size();
  std::string cells;
  for (std::size_t y = 0; y < rows; ++y) {
    for (std::size_t x = 0; x < record.heat[y].size(); ++x) {
      const char level = record.heat[y][x];
      if (level < '1' || level > '9') continue;
      cells += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"1\" height=\"1\" opacity=\"0.{}\"/>", x, y, level);
    }
  }
  return fmt::format(
      "<figure class=\"heat\"><svg viewBox=\"0 0 {0} {1}\" width=\"{2}\" height=\"{3}\" role=\"img\" "
      "aria-label=\"Where the wrong elements are: rows downwards, columns to the right\" "
      "preserveAspectRatio=\"none\" fill=\"currentColor\" shape-rendering=\"crispEdges\"><rect width=\"{0}\" "
      "height=\"{1}\" opacity=\"0.08\"/>{4}</svg><figcaption>wrong elements, rows downwards</figcaption></figure>\n",
      columns, rows, columns * 8, rows * 8, cells);
}

}  // namespace plumb
