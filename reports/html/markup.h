// Putting untrusted text into HTML.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "reports/record.h"

namespace plumb {

/// Text for an element or a quoted attribute: & < > " ' escaped, bytes that are not UTF-8 and control characters (other
/// than tab and line feed) replaced by U+FFFD.
[[nodiscard]] std::string html_text(std::string_view text);

/// JSON for a <script type="application/json"> element: no "<" in it, so nothing in it can end or nest a script.
[[nodiscard]] std::string script_json(const nlohmann::ordered_json& value);

/// The sign that goes with an outcome, so that colour never stands alone.
[[nodiscard]] std::string_view icon(Outcome outcome);

/// <span class="badge fail">✗ fail</span>
[[nodiscard]] std::string badge(Outcome outcome);

}  // namespace plumb
