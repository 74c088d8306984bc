#include "reports/accuracy/formats.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reports/accuracy/columns.h"
#include "reports/accuracy/record_fields.h"
#include "reports/aligned_text.h"
#include "reports/atomic_file.h"
#include "reports/csv_row.h"
#include "reports/number_text.h"

namespace plumb::accuracy {
namespace {

std::string field_text(const std::string& value) { return value; }
std::string field_text(double value) { return exact_text(value); }
std::string field_text(std::int64_t value) { return std::to_string(value); }
std::string field_text(Outcome value) { return plumb::to_string(value); }
std::string field_text(Kind value) { return to_string(value); }

// Nested fields are spread, lists left out.
class Row : public CsvRow {
 public:
  using CsvRow::CsvRow;

  template <class T>
  void operator()(const std::string& name, const T& field) {
    add(name, field_text(field));
  }
  void operator()(const std::string& name, const Interval& interval) {
    visit_interval(interval, [&](const std::string& part, double value) { (*this)(name + "_" + part, value); });
  }
  void operator()(const std::string& name, const Cost& cost) {
    visit_cost(cost, [&](const std::string& part, const auto& value) { (*this)(name + "_" + part, value); });
  }
  template <class T>
  void operator()(const std::string&, const std::vector<T>&) {}
};

std::string peer_text(const Peer& peer) {
  if (!peer.absent.empty()) return fmt::format("{}: absent: {}", peer.name, peer.absent);
  return fmt::format("{}: perplexity {:.4f}, {:.0f} tokens per second", peer.name, peer.perplexity,
                     peer.tokens_per_second);
}

}  // namespace

std::string text_table(const Run& run) {
  std::vector<std::vector<std::string>> rows(run.records.size() + 1);
  for (std::size_t i = 0; i < columns().size(); ++i) {
    const Column& column = columns()[i];
    const auto told = [&](const Record& record) { return column.text(record) != "-"; };
    if (!column.on_terminal || std::ranges::none_of(run.records, told)) continue;
    rows[0].emplace_back(column.heading);
    for (std::size_t r = 0; r < run.records.size(); ++r) rows[r + 1].push_back(column.text(run.records[r]));
  }
  rows[0].emplace_back("");
  for (std::size_t r = 0; r < run.records.size(); ++r) {
    const Record& record = run.records[r];
    rows[r + 1].push_back(record.outcome == Outcome::pass
                              ? record.reason
                              : fmt::format("{}: {}", plumb::to_string(record.outcome), record.reason));
  }
  std::string text = aligned_text(rows, kNameColumns);
  for (const Peer& peer : run.peers) text += peer_text(peer) + "\n";
  for (const std::string& note : run.notes) text += note + "\n";
  return text;
}

std::string write_csv(const Run& run) {
  return csv_table<Row>(Record(), run.records,
                        [](const Record& record, Row& row) { accuracy::visit_record(record, row); });
}

std::string write_layers_csv(const Run& run) {
  const auto row_of = [](CsvRow::Shows shows, const Record& record, const Layer& layer) {
    Row row(shows);
    row("scheme", record.scheme);
    row("impl", record.impl);
    visit_layer(layer, row);
    return row.line();
  };
  std::string text = row_of(CsvRow::Shows::names, {}, {});
  for (const Record& record : run.records) {
    for (const Layer& layer : record.layers) text += row_of(CsvRow::Shows::values, record, layer);
  }
  return text;
}

void write_reports(const Run& run, const std::filesystem::path& dir) {
  make_directories(dir);
  write_atomically(dir / "report.html", write_html(run));
  write_atomically(dir / "results.csv", write_csv(run));
  write_atomically(dir / "layers.csv", write_layers_csv(run));
  write_atomically(dir / "results.json", write_json(run));
}

}  // namespace plumb::accuracy
