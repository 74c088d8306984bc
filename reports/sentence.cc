#include "reports/sentence.h"

#include <fmt/format.h>

#include <cmath>

#include "reports/number_text.h"

namespace plumb {
namespace {

std::string worst_text(const Worst& worst) {
  const std::string values = fmt::format("{}[{}]: got {}, want {}", worst.port, index_text(worst.index, ','),
                                         exact_text(worst.got), exact_text(worst.want));
  if (worst.bound == 0) return values + ", which must agree bit for bit";
  const std::string text = values + ", bound " + two_digits(worst.bound);
  return std::isfinite(worst.ratio) ? text + " (" + ratio_text(worst.ratio) + " x)" : text;
}

}  // namespace

std::string index_text(const std::vector<std::int64_t>& index, char separator) {
  std::string text;
  for (std::size_t axis = 0; axis < index.size(); ++axis) {
    if (axis > 0) text += separator;
    text += std::to_string(index[axis]);
  }
  return text;
}

std::string evidence(const Record& record) {
  std::string text = record.worst ? worst_text(*record.worst) : "";
  if (record.elements == 0) return text;
  text +=
      fmt::format("{}{} of {} wrong", text.empty() ? "" : "; ", thousands(record.wrong), thousands(record.elements));
  if (record.unwritten > 0) text += "; " + thousands(record.unwritten) + " never written";
  if (record.unjudged > 0) text += "; " + thousands(record.unjudged) + " not judged (no finite bound)";
  return text;
}

std::string diagnosis_text(const Record& record) {
  return record.diagnosis.empty() ? "" : "looks like: " + record.diagnosis;
}

std::string smallest_command(const Record& record) {
  std::string command = record.again;
  const std::size_t at = command.find(record.case_name);
  if (record.smallest.empty() || record.case_name.empty() || at == std::string::npos) return record.smallest;
  return command.replace(at, record.case_name.size(), record.smallest);
}

std::string case_text(const Record& record) {
  std::string word = to_string(record.outcome);
  for (char& letter : word) letter = static_cast<char>(letter - 'a' + 'A');
  std::string text = fmt::format("{:<8}{}  {}\n", word, record.impl, record.case_name);
  for (const std::string& line : {evidence(record), record.reason, diagnosis_text(record)})
    if (!line.empty()) text += fmt::format("{:<8}{}\n", "", line);
  if (!record.smallest.empty()) text += fmt::format("{:<8}smallest: {}\n", "", smallest_command(record));
  if (!record.again.empty()) text += fmt::format("{:<8}again: {}\n", "", record.again);
  return text;
}

}  // namespace plumb
