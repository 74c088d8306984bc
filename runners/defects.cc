#include "runners/defects.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string>

#include "runners/condition.h"
#include "runners/diagnosis/alternatives.h"

namespace plumb {
namespace {

std::set<std::string> kinds_of(const Record& record) {
  std::set<std::string> kinds;
  for (const std::string& alternative : alternatives_of(record.diagnosis)) kinds.insert(kind_of(alternative));
  return kinds;
}

std::set<std::string> common(const std::set<std::string>& a, const std::set<std::string>& b) {
  std::set<std::string> both;
  std::ranges::set_intersection(a, b, std::inserter(both, both.end()));
  return both;
}

using Group = std::vector<const Record*>;

// Defects are alike if there is a mistake that explains all of them, or none for any.
class Alike {
 public:
  Alike(const Group& group, const Record& record) : kinds_(kinds_of(record)) {
    for (const Record* other : group) {
      if (other->wrong == 0) continue;
      const std::set<std::string> kinds = kinds_of(*other), both = common(kinds_, kinds);
      if (both.empty() != (kinds_.empty() && kinds.empty())) continue;
      kinds_ = both;
      members_.insert(other);
    }
  }
  [[nodiscard]] bool contains(const Record& record) const { return members_.contains(&record); }
  // The diagnosis without mistakes that do not explain the others.
  [[nodiscard]] std::string diagnosis_of(const Record& record) const {
    std::vector<std::string> alternatives = alternatives_of(record.diagnosis);
    std::erase_if(alternatives, [&](const std::string& a) { return !kinds_.contains(kind_of(a)); });
    return joined_alternatives(alternatives);
  }

 private:
  std::set<std::string> kinds_;
  std::set<const Record*> members_;
};

std::string explanation(const ReplayFacts& facts, const Group& group, const Record& record) {
  const ReplayFact& fact = facts.at(record.case_name);
  const Alike alike(group, record);
  std::vector<Instance> instances;
  for (const Record* other : group) {
    if (other->wrong == 0 || alike.contains(*other)) {
      instances.push_back({facts.at(other->case_name).values, other->wrong > 0});
    }
  }
  std::string text = alike.diagnosis_of(record);
  const Condition condition = condition_of(*fact.op, instances);
  if (condition.text.empty()) return text;
  return text + fmt::format("{}wrong where {}: all {} such cases of {}, and none of {} others",
                            text.empty() ? "" : "; ", condition.text, condition.failing, fact.group, condition.passing);
}

}  // namespace

void explain_defects(const ReplayFacts& facts, std::vector<Record>& records) {
  std::map<std::string, Group> groups;
  for (const Record& record : records) {
    const auto fact = facts.find(record.case_name);
    const bool compared = record.outcome == Outcome::pass || record.outcome == Outcome::xfail;
    if (record.impl == "upstream" && compared && fact != facts.end()) groups[fact->second.group].push_back(&record);
  }
  std::map<const Record*, std::string> explanations;
  for (const auto& [name, group] : groups) {
    for (const Record* record : group) {
      if (record->outcome == Outcome::xfail) explanations[record] = explanation(facts, group, *record);
    }
  }
  for (Record& record : records) {
    const auto found = explanations.find(&record);
    if (found != explanations.end()) record.diagnosis = found->second;
  }
}

Table defects_table(const std::vector<Record>& records) {
  std::map<std::pair<std::string, std::string>, std::vector<const Record*>> defects;
  for (const Record& record : records) {
    if (record.outcome == Outcome::xfail) defects[{record.op, record.diagnosis}].push_back(&record);
  }
  Table table{"Recorded upstream defects",
              "Outputs that upstream recorded and that are wrong, and what they look like.",
              {"operator", "cases", "for example", "looks like"},
              {}};
  for (const auto& [what, cases] : defects) {
    table.rows.push_back({what.first, std::to_string(cases.size()), cases[0]->case_name,
                          what.second.empty() ? cases[0]->reason : what.second});
  }
  return table;
}

}  // namespace plumb
