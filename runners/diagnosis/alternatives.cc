#include "runners/diagnosis/alternatives.h"

#include <algorithm>
#include <map>
#include <set>

namespace plumb {
namespace {

const std::string kSeparator = "; or ";

}  // namespace

std::vector<std::string> alternatives_of(const std::string& diagnosis) {
  std::vector<std::string> alternatives;
  for (std::size_t first = 0; first < diagnosis.size();) {
    const std::size_t next = std::min(diagnosis.find(kSeparator, first), diagnosis.size());
    alternatives.push_back(diagnosis.substr(first, next - first));
    first = next + kSeparator.size();
  }
  return alternatives;
}

std::string joined_alternatives(std::span<const std::string> alternatives) {
  std::string text;
  for (const std::string& alternative : alternatives) text += (text.empty() ? "" : kSeparator) + alternative;
  return text;
}

std::string kind_of(const std::string& alternative) {
  const std::size_t at = std::min(alternative.find(" of group"), alternative.find(" taken"));
  return at == std::string::npos ? alternative : alternative.substr(at);
}

void keep_common(std::span<std::string* const> diagnoses) {
  std::map<std::string, int> counts;
  for (const std::string* diagnosis : diagnoses) {
    std::set<std::string> kinds;
    for (const std::string& alternative : alternatives_of(*diagnosis)) kinds.insert(kind_of(alternative));
    for (const std::string& kind : kinds) ++counts[kind];
  }
  for (std::string* diagnosis : diagnoses) {
    std::vector<std::string> alternatives = alternatives_of(*diagnosis);
    int most = 0;
    for (const std::string& alternative : alternatives) most = std::max(most, counts[kind_of(alternative)]);
    std::erase_if(alternatives, [&](const std::string& alternative) { return counts[kind_of(alternative)] < most; });
    *diagnosis = joined_alternatives(alternatives);
  }
}

}  // namespace plumb
