#include <fmt/format.h>

#include <unordered_map>

#include "reports/html/markup.h"
#include "reports/html/sections.h"
#include "reports/number_text.h"
#include "reports/sentence.h"

namespace plumb {
namespace {

using nlohmann::ordered_json;

/// Each distinct string once; rows hold its number. All implementations share a case's name, and most records their
/// reason and the frame of their command.
class StringTable {
 public:
  std::size_t index(const std::string& text) {
    const auto [at, is_new] = indices_.try_emplace(text, indices_.size());
    if (is_new) strings_.push_back(text);
    return at->second;
  }
  [[nodiscard]] const ordered_json& strings() const { return strings_; }

 private:
  std::unordered_map<std::string, std::size_t> indices_;
  ordered_json strings_ = ordered_json::array();
};

/// What stands for the case name in a command's frame. No shell command holds a NUL.
constexpr char kCaseHere = '\0';

std::string frame_of(const Record& record) {
  std::string frame = record.again;
  const std::size_t at = record.case_name.empty() ? std::string::npos : frame.find(record.case_name);
  if (at != std::string::npos) frame.replace(at, record.case_name.size(), 1, kCaseHere);
  return frame;
}

/// {"ops":[…],"impls":[…],"outcomes":[…],"cases":[…],"strings":[…],"rows":[[…],…]}; page.js names a row's columns.
ordered_json case_data(const Run& run) {
  StringTable ops, impls, cases, strings;
  ordered_json outcomes = ordered_json::array();
  for (const Outcome outcome : all_outcomes()) outcomes.push_back({to_string(outcome), icon(outcome)});
  ordered_json rows = ordered_json::array();
  for (const Record& record : run.records)
    rows.push_back(ordered_json::array(
        {ops.index(record.op), impls.index(record.impl), static_cast<int>(record.outcome),
         cases.index(record.case_name), record.worst ? ratio_text(record.worst->ratio) : "",
         strings.index(evidence(record)), strings.index(record.reason), strings.index(frame_of(record)),
         record.elements, record.wrong, two_digits(record.milliseconds)}));
  return {{"ops", ops.strings()},     {"impls", impls.strings()},     {"outcomes", outcomes},
          {"cases", cases.strings()}, {"strings", strings.strings()}, {"rows", rows}};
}

constexpr std::string_view kFrame = R"(<div class="js-only">
<div class="filters" role="search">
<label>Text <input type="search" id="filter-text" placeholder="case, reason, …" autocomplete="off" spellcheck="false"></label>
<label>Operator <select id="filter-op"><option value="">all</option></select></label>
<label>Implementation <select id="filter-impl"><option value="">all</option></select></label>
<div class="chips" id="filter-outcome" role="group" aria-label="Outcome"></div>
<button type="button" id="filter-clear">Clear</button>
</div>
<p class="note" id="case-status" role="status" aria-live="polite"></p>
<div class="scroll"><table class="cases" id="case-table">
<thead><tr></tr></thead>
<tbody id="case-rows"></tbody>
</table></div>
<nav class="pages" aria-label="Pages of cases"><button type="button" id="page-previous">← Previous</button><span id="page-status"></span><button type="button" id="page-next">Next →</button></nav>
</div>
<noscript><p class="note">This list needs JavaScript. Every case is also in results.csv and results.json.</p></noscript>
)";

}  // namespace

std::string cases_section(const Run& run) {
  return fmt::format(
      "<section id=\"cases\" tabindex=\"-1\">\n<h2>All cases</h2>\n{}<script type=\"application/json\" "
      "id=\"case-data\">{}</script>\n</section>\n",
      kFrame, script_json(case_data(run)));
}

}  // namespace plumb
