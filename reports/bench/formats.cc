#include "reports/bench/formats.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "reports/aligned_text.h"
#include "reports/atomic_file.h"
#include "reports/bench/columns.h"
#include "reports/bench/record_fields.h"
#include "reports/csv_row.h"
#include "reports/json_number.h"
#include "reports/number_text.h"
#include "reports/record_fields.h"

namespace plumb::bench {
namespace {

using Json = nlohmann::ordered_json;

// ---- CSV ----

std::string field_text(const std::string& value) { return value; }
std::string field_text(bool value) { return value ? "true" : "false"; }
std::string field_text(double value) { return exact_text(value); }
template <class Integer>
std::string field_text(Integer value) {
  return std::to_string(value);
}

class Row : public CsvRow {
 public:
  using CsvRow::CsvRow;

  template <class T>
  void operator()(const std::string& name, const T& field) {
    add(name, field_text(field));
  }
  void operator()(const std::string& name, const Spread& spread) {
    visit_spread(spread, [&](const std::string& part, double value) { (*this)(name + "_" + part, value); });
  }
};

// ---- JSON ----

Json to_json(double value) { return number_to_json(value); }
Json to_json(const Spread& spread) {
  Json json;
  visit_spread(spread, [&](const char* name, double value) { json[name] = number_to_json(value); });
  return json;
}
template <class T>
Json to_json(const T& value) {
  return value;
}

constexpr const char* kWhyTwice =
    "x: bytes moved of necessity / bytes of inputs and outputs. A call that refuses codes outside their limits leaves\n"
    "   its outputs as they were: it may not write before all codes are known to be legal, so it reads them twice, or\n"
    "   sets aside what the outputs held. %copy, %best, %read and the bar count the lesser of the two; GB/s does "
    "not.\n";

std::string misses_text(const Run& run) {
  std::string text;
  for (const Bar& bar : bars(run)) {
    if (is_reached(bar)) continue;
    text += fmt::format("MISSED: {} {} x{} reaches {:.0f} % of {}{}{}\n", bar.ours->case_name, bar.ours->impl,
                        bar.ours->threads, std::floor(100 * bar.reached), bar.to, bar.why.empty() ? "" : ", which ",
                        bar.why);
  }
  return text;
}

std::string dumped(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace

std::string text_table(const Run& run) {
  std::vector<std::vector<std::string>> rows(run.records.size() + 1);
  for (const Column& column : columns()) {
    const bool told = column.heading[0] == '\0' || std::ranges::any_of(run.records, [&](const Record& record) {
                        return column.text(record) != "-";
                      });
    if (!told) continue;
    rows[0].emplace_back(column.heading);
    for (std::size_t i = 0; i < run.records.size(); ++i) rows[i + 1].push_back(column.text(run.records[i]));
  }
  std::string text = aligned_text(rows, kNameColumns);
  if (std::ranges::any_of(run.records, [](const Record& r) { return is_measured(r) && checks_matter(r); })) {
    text += kWhyTwice;
  }
  return text + misses_text(run);
}

std::string write_csv(const Run& run) {
  return csv_table<Row>(Record(), run.records,
                        [](const Record& record, Row& row) { bench::visit_record(record, row); });
}

std::string write_json(const Run& run) {
  Json info;
  visit_info(run.info, [&](const char* name, const auto& field) { info[name] = to_json(field); });
  std::string text = R"({"format":"plumbline benchmark","version":1,"info":)" + dumped(info) +
                     ",\"min_seconds\":" + dumped(number_to_json(run.min_seconds)) + ",\"records\":[";
  const char* separator = "\n";
  for (const Record& record : run.records) {
    Json json;
    visit_record(record, [&](const char* name, const auto& field) { json[name] = to_json(field); });
    text += separator + dumped(json);
    separator = ",\n";
  }
  return text + "\n]}\n";
}

void write_reports(const Run& run, const std::filesystem::path& dir) {
  make_directories(dir);
  write_atomically(dir / "report.html", write_html(run));
  write_atomically(dir / "results.csv", write_csv(run));
  write_atomically(dir / "results.json", write_json(run));
}

}  // namespace plumb::bench
