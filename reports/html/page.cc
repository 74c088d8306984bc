#include "reports/html/page.h"

#include <fmt/format.h>

#include <string_view>

#include "reports/html/markup.h"

namespace plumb {
namespace {

constexpr std::string_view kStyle =
#include "reports/html/page.css.inc"
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

std::string page_start(const std::string& title) {
  return fmt::format("{}<title>{} \xE2\x80\x93 plumbline</title>\n<style>\n{}</style>\n</head>\n<body>\n", kHead,
                     html_text(title), kStyle);
}

std::string fact(const char* term, const std::string& text, const char* css) {
  if (text.empty()) return "";
  return fmt::format("<div class=\"{}\"><dt>{}</dt><dd>{}</dd></div>\n", css, term, html_text(text));
}

std::string page_end(const std::string& version, const std::string& extra) {
  return fmt::format("<footer>plumbline {}</footer>\n{}</body>\n</html>\n", html_text(version), extra);
}

}  // namespace plumb
