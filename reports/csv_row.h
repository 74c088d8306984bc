// A row of a CSV file (RFC 4180), and a file of them, made from lists of fields (see record_fields.h).
#pragma once

#include <string>
#include <vector>

#include "reports/csv_field.h"

namespace plumb {

/// Shows the names of fields, or their values. Visitors of a list of fields derive from it.
class CsvRow {
 public:
  enum class Shows { names, values };
  explicit CsvRow(Shows shows) : shows_(shows) {}

  void add(const std::string& name, const std::string& value) {
    if (!is_first_) text_ += ',';
    is_first_ = false;
    text_ += csv_field(shows_ == Shows::names ? name : value);
  }
  [[nodiscard]] std::string line() const { return text_ + "\r\n"; }

 private:
  Shows shows_;
  bool is_first_ = true;
  std::string text_;
};

/// The names, as `any` record has them, and a row for each of the records: visit(record, row) fills it.
template <class Row, class Record, class Visit>
std::string csv_table(const Record& any, const std::vector<Record>& records, const Visit& visit) {
  const auto line = [&](const Record& record, CsvRow::Shows shows) {
    Row row(shows);
    visit(record, row);
    return row.line();
  };
  std::string text = line(any, CsvRow::Shows::names);
  for (const Record& record : records) text += line(record, CsvRow::Shows::values);
  return text;
}

}  // namespace plumb
