#include "reports/html/markup.h"

#include <fmt/format.h>

#include <cstdint>

namespace plumb {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/// Length in bytes of the well-formed UTF-8 sequence at the start of text (Unicode 15, table 3-7); 0 if there is none.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<std::uint8_t>(text[i]) : 0u; };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
  const unsigned first = byte(0);
  const unsigned second = byte(1);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool is_overlong = first == 0xE0 && second < 0xA0;
    const bool is_surrogate = first == 0xED && second > 0x9F;
    return follows(1) && follows(2) && !is_overlong && !is_surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool is_overlong = first == 0xF0 && second < 0x90;
    const bool is_too_large = first == 0xF4 && second > 0x8F;
    return follows(1) && follows(2) && follows(3) && !is_overlong && !is_too_large ? 4 : 0;
  }
  return 0;
}

void append_escaped(std::string& html, char letter) {
  const bool is_control =
      (static_cast<std::uint8_t>(letter) < 0x20 && letter != '\t' && letter != '\n') || letter == 0x7F;
  switch (letter) {
    case '&':
      html += "&amp;";
      return;
    case '<':
      html += "&lt;";
      return;
    case '>':
      html += "&gt;";
      return;
    case '"':
      html += "&quot;";
      return;
    case '\'':
      html += "&#39;";
      return;
    default:
      break;
  }
  if (is_control)
    html += kReplacement;
  else
    html += letter;
}

}  // namespace

std::string html_text(std::string_view text) {
  std::string html;
  html.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 0)
      html += kReplacement;
    else if (length == 1)
      append_escaped(html, text.front());
    else
      html += text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return html;
}

std::string script_json(const nlohmann::ordered_json& value) {
  std::string safe;
  for (const char letter : value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)) {
    if (letter == '<')
      safe += "\\u003c";  // "<" occurs in JSON inside strings only
    else
      safe += letter;
  }
  return safe;
}

std::string_view icon(Outcome outcome) {
  switch (outcome) {
    case Outcome::pass:
      return "✓";
    case Outcome::fail:
      return "✗";
    case Outcome::crash:
      return "✸";
    case Outcome::hang:
      return "∞";
    case Outcome::skip:
      return "–";
    case Outcome::xfail:
      return "≁";
    case Outcome::flaky:
      return "≈";
    case Outcome::vacuous:
      return "∅";
  }
  return "?";
}

std::string badge(Outcome outcome) {
  return fmt::format("<span class=\"badge {0}\"><span aria-hidden=\"true\">{1}</span> {0}</span>", to_string(outcome),
                     icon(outcome));
}

}  // namespace plumb
