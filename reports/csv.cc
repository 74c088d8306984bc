#include "reports/csv.h"

#include <type_traits>

#include "reports/csv_field.h"
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

/// The visitor of a record: appends its names, or its values, as one row.
class Row {
 public:
  enum class Shows { names, values };
  explicit Row(Shows shows) : shows_(shows) {}

  template <class T>
  void operator()(const std::string& name, const T& field) {
    add(shows_ == Shows::names ? name : field_text(field));
  }
  void operator()(const std::string& name, const std::optional<Worst>& worst) {
    static const Worst kNone{.port = {}, .index = {}, .got = 0, .want = 0, .bound = 0, .ratio = 0};
    visit_worst(worst ? *worst : kNone, [&](const std::string& part, const auto& field) {
      if (shows_ == Shows::names)
        add(name + "_" + part);
      else
        add(worst ? field_text(field) : "");
    });
  }
  [[nodiscard]] std::string line() const { return text_ + "\r\n"; }

 private:
  void add(const std::string& field) {
    if (!is_first_) text_ += ',';
    is_first_ = false;
    text_ += csv_field(field);
  }

  Shows shows_;
  bool is_first_ = true;
  std::string text_;
};

std::string row_of(const Record& record, Row::Shows shows) {
  Row row(shows);
  visit_record(record, row);
  return row.line();
}

}  // namespace

std::string write_csv(const Run& run) {
  const Record any(Outcome::skip, "");
  std::string text = row_of(any, Row::Shows::names);
  for (const Record& record : run.records) text += row_of(record, Row::Shows::values);
  return text;
}

}  // namespace plumb
