#include "reports/csv.h"

#include "reports/csv_row.h"
#include "reports/number_text.h"
#include "reports/record_fields.h"
#include "reports/sentence.h"

namespace plumb {
namespace {

std::string field_text(const std::string& value) { return value; }
std::string field_text(std::int64_t value) { return std::to_string(value); }
std::string field_text(double value) { return exact_text(value); }
std::string field_text(Outcome value) { return to_string(value); }
std::string field_text(const std::vector<std::int64_t>& index) { return index_text(index, ';'); }
std::string field_text(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : "/") + line;
  return text;
}

/// The visitor of a record.
class Row : public CsvRow {
 public:
  using CsvRow::CsvRow;

  template <class T>
  void operator()(const std::string& name, const T& field) {
    add(name, field_text(field));
  }
  void operator()(const std::string& name, const std::optional<Worst>& worst) {
    static const Worst kNone{.port = {}, .index = {}, .got = 0, .want = 0, .bound = 0, .ratio = 0};
    visit_worst(worst ? *worst : kNone, [&](const std::string& part, const auto& field) {
      add(name + "_" + part, worst ? field_text(field) : "");
    });
  }
};

}  // namespace

std::string write_csv(const Run& run) {
  return csv_table<Row>(Record(Outcome::skip, ""), run.records,
                        [](const Record& record, Row& row) { visit_record(record, row); });
}

}  // namespace plumb
