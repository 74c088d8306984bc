#include "runners/vouching.h"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "reference/ops.h"
#include "runners/products.h"
#include "runners/sensitivity.h"

namespace plumb {
namespace {

constexpr int kElements = 20;
// Each element that is changed takes the oracle once more: elements and products.
constexpr std::int64_t kMostWork = std::int64_t{1} << 20;

constexpr const char* kTitle = "What these data can show";
constexpr const char* kNote =
    "Of some elements of each input, changed by one step one at a time, how many would have moved an output past "
    "its bound (on exact data: changed its bits). A kernel that reads only those that would not may be wrong "
    "and pass.";

// What the cases of an operator vouch for.
struct Vouchers {
  std::set<std::string> vouching, silent;  // cases, by whether some input matters in them
  std::set<std::string> inputs;            // that matter in some case
  std::map<std::string, Vouch> counts;     // by the input that was changed: all its elements together

  void add(const Record& record) {
    const bool is_new = (record.vouches_for.empty() ? silent : vouching).insert(record.case_name).second;
    if (!is_new) return;
    if (!record.vouches_for.empty()) inputs.insert(record.vouches_for);
    Vouch& vouch = counts[record.changed_input];
    vouch.changed += record.elements_changed;
    vouch.shown += record.elements_shown;
  }
};

// By operator. Cases with probes are about calls.
std::map<std::string, Vouchers> vouchers_of(const std::vector<Record>& records) {
  std::map<std::string, Vouchers> by_op;
  for (const Record& record : records) {
    const bool is_plain =
        record.case_name.find("]/") != std::string::npos && record.case_name.find('+') == std::string::npos;
    if (record.outcome == Outcome::pass && is_plain) by_op[record.op].add(record);
  }
  return by_op;
}

Record accuse(const std::string& op, std::string reason) {
  Record record(Outcome::vacuous, std::move(reason));
  record.op = op;
  record.impl = "data";
  record.case_name = op;
  record.again = fmt::format("plumb run --op {}", op);
  return record;
}

// Three standard deviations below what is declared are no chance.
bool shows_too_little(const Port& port, const Vouch& vouch) {
  const auto changed = static_cast<double>(vouch.changed), share = port.least_shown;
  return static_cast<double>(vouch.shown) < share * changed - 3 * std::sqrt(share * (1 - share) * changed);
}

void accuse_inputs(const Op& op, const Vouchers& vouchers, std::vector<Record>& vacuous) {
  constexpr std::int64_t kEnoughForShare = 30;  // somebody may have chosen fewer cases for what they leave out
  const auto cases = std::ssize(vouchers.vouching) + std::ssize(vouchers.silent);
  for (const Port& port : op.inputs) {
    if (port.fill == Fill::code_sums || cases < kEnoughForShare) continue;
    if (!vouchers.inputs.contains(port.name) && cases >= cases_needed(op)) {
      vacuous.push_back(accuse(op.name, fmt::format("nothing depends on {} in any of {} cases: a fault in how it is "
                                                    "read would not show",
                                                    port.name, cases)));
    }
    const auto found = vouchers.counts.find(port.name);
    if (found != vouchers.counts.end() && shows_too_little(port, found->second)) {
      vacuous.push_back(
          accuse(op.name, fmt::format("of {} elements of {} changed one at a time only {} moved an output "
                                      "past its bound; {:.0f} % should",
                                      found->second.changed, port.name, found->second.shown, 100 * port.least_shown)));
    }
  }
}

void add_rows(const Case& test_case, std::vector<std::vector<std::string>>& rows) {
  const std::string name = to_string(test_case);
  if (oracle_work(*test_case.op, test_case.signature) > kMostWork) {
    rows.push_back({name, "(all)", "not looked at: too large"});
    return;
  }
  const Question question = ask(test_case);
  for (const std::string& input : changeable_inputs(*test_case.op, question.problem)) {
    const Vouch vouch = sensitivity(question, *test_case.mode, input, kElements);
    rows.push_back({name, input, fmt::format("{} of {}", vouch.shown, vouch.changed)});
  }
}

}  // namespace

std::int64_t cases_needed(const Op& op) {
  constexpr std::int64_t kManyPerInput = 12;
  return kManyPerInput * std::ssize(op.inputs);
}

std::vector<Record> vacuous_inputs(const std::vector<Record>& records) {
  constexpr std::size_t kEnoughForSilence = 10;  // one silent case of fewer is more than a tenth of them
  std::vector<Record> vacuous;
  for (const auto& [name, vouchers] : vouchers_of(records)) {
    const std::size_t silent = vouchers.silent.size(), cases = vouchers.vouching.size() + silent;
    if (cases >= kEnoughForSilence && 10 * silent > cases) {
      vacuous.push_back(accuse(name, fmt::format("in {} of {} cases nothing depends on any input", silent, cases)));
    }
    accuse_inputs(op_named(name), vouchers, vacuous);
  }
  return vacuous;
}

Table vouching_table(const std::vector<Record>& records) {
  Table table{kTitle, kNote, {"operator", "input", "elements that show", "share", "at least"}, {}};
  for (const auto& [name, vouchers] : vouchers_of(records)) {
    for (const Port& port : op_named(name).inputs) {
      const auto found = vouchers.counts.find(port.name);
      if (found == vouchers.counts.end() || found->second.changed == 0) continue;
      const Vouch& vouch = found->second;
      table.rows.push_back(
          {name, port.name, fmt::format("{} of {}", vouch.shown, vouch.changed),
           fmt::format("{:.0f} %", 100.0 * static_cast<double>(vouch.shown) / static_cast<double>(vouch.changed)),
           fmt::format("{:.0f} %", 100 * port.least_shown)});
    }
  }
  return table;
}

Table vouching_table(const std::vector<Case>& cases) {
  Table table{kTitle, kNote, {"case", "input", "elements that show"}, {}};
  for (const Case& test_case : cases) {
    if (test_case.probe == nullptr) add_rows(test_case, table.rows);
  }
  return table;
}

}  // namespace plumb
