#include "reports/json.h"

#include <nlohmann/json.hpp>

#include "reports/json_node.h"
#include "reports/json_number.h"
#include "reports/record_fields.h"

namespace plumb {
namespace {

using nlohmann::ordered_json;

constexpr const char* kFormat = "plumbline results";
constexpr std::int64_t kVersion = 1;

ordered_json to_json(const std::string& value) { return value; }
ordered_json to_json(std::int64_t value) { return value; }
ordered_json to_json(std::uint64_t value) { return value; }
ordered_json to_json(bool value) { return value; }
ordered_json to_json(Outcome value) { return to_string(value); }
ordered_json to_json(double value) { return number_to_json(value); }
ordered_json to_json(const Table& table);
template <class T>
ordered_json to_json(const std::vector<T>& values) {
  ordered_json array = ordered_json::array();
  for (const T& value : values) array.push_back(to_json(value));
  return array;
}
ordered_json to_json(const std::optional<Worst>& worst);

/// Visitor that collects the fields into an object.
auto into(ordered_json& object) {
  object = ordered_json::object();
  return [&object](const char* name, const auto& field) { object[name] = to_json(field); };
}

ordered_json to_json(const std::optional<Worst>& worst) {
  ordered_json object;
  if (worst) visit_worst(*worst, into(object));
  return object;
}

ordered_json to_json(const Table& table) {
  ordered_json object;
  visit_table(table, into(object));
  return object;
}

std::string dump(const ordered_json& value, int indent = -1) {
  return value.dump(indent, ' ', false, ordered_json::error_handler_t::replace);
}

void read(const JsonNode& node, std::string& value) { value = node.text(); }
void read(const JsonNode& node, std::int64_t& value) { value = node.integer(); }
void read(const JsonNode& node, std::uint64_t& value) { value = node.natural(); }
void read(const JsonNode& node, bool& value) { value = node.boolean(); }
void read(const JsonNode& node, double& value) { value = node.number(); }
void read(const JsonNode& node, Outcome& value) {
  value = node.checked([](const auto& n) { return outcome_from_string(n.text()); });
}
void read(const JsonNode& node, Table& table);
template <class T>
void read(const JsonNode& node, std::vector<T>& values) {
  values.resize(node.array_size());
  for (std::size_t i = 0; i < values.size(); ++i) read(node.element(i), values[i]);
}
void read(const JsonNode& node, std::optional<Worst>& worst);

/// Visitor that reads the fields of an object, and at last refuses what it did not read.
class Fields {
 public:
  explicit Fields(const JsonNode& object) : object_(object) {}
  template <class T>
  void operator()(const char* name, T& field) {
    names_.push_back(name);
    read(object_.field(name), field);
  }
  void refuse_others() const { object_.refuse_fields_except(names_); }

 private:
  const JsonNode& object_;
  std::vector<std::string_view> names_;
};

void read(const JsonNode& node, std::optional<Worst>& worst) {
  worst.reset();
  if (node.is_null()) return;
  Fields fields(node);
  visit_worst(worst.emplace(), fields);
  fields.refuse_others();
}

void read(const JsonNode& node, Table& table) {
  Fields fields(node);
  visit_table(table, fields);
  fields.refuse_others();
  for (const auto& row : table.rows) {
    if (row.size() != table.header.size()) node.field("rows").refuse("expected rows as long as the header");
  }
}

Record read_record(const JsonNode& node) {
  Record record(Outcome::crash, "");  // overwritten, or visit_record throws
  Fields fields(node);
  visit_record(record, fields);
  fields.refuse_others();
  return record;
}

void check_format(const JsonNode& root) {
  const std::string format = root.field("format").text();
  if (format != kFormat)
    root.field("format").refuse(std::string("expected \"") + kFormat + "\", got \"" + format + "\"");
  const std::int64_t version = root.field("version").integer();
  if (version != kVersion)
    root.field("version").refuse("expected " + std::to_string(kVersion) + ", got " + std::to_string(version) +
                                 "; written by another release of plumb?");
}

}  // namespace

std::string record_to_line(const Record& record) {
  ordered_json object;
  visit_record(record, into(object));
  return dump(object);
}

Record record_from_line(std::string_view line) {
  const nlohmann::json value = parse_json(line);
  return read_record(JsonNode(value));
}

std::string info_to_line(const RunInfo& info) {
  ordered_json object;
  visit_info(info, into(object));
  return dump(object);
}

RunInfo info_from_line(std::string_view line) {
  const nlohmann::json value = parse_json(line);
  const JsonNode node(value);
  RunInfo info;
  Fields fields(node);
  visit_info(info, fields);
  fields.refuse_others();
  return info;
}

std::string write_json(const Run& run) {
  ordered_json info;
  visit_info(run.info, into(info));
  std::string text = "{\"format\": " + dump(kFormat) + ", \"version\": " + std::to_string(kVersion) + ",\n\"info\": ";
  text += dump(info, 1) + ",\n\"records\": [";
  const char* separator = "\n";
  for (const Record& record : run.records) {
    text += separator + record_to_line(record);
    separator = ",\n";
  }
  return text + "\n],\n\"tables\": " + dump(to_json(run.tables)) + "}\n";
}

Run read_json(std::string_view text) {
  const nlohmann::json value = parse_json(text);
  const JsonNode root(value);
  check_format(root);
  root.refuse_fields_except({"format", "version", "info", "records", "tables"});
  Run run;
  const JsonNode info = root.field("info");
  Fields fields(info);
  visit_info(run.info, fields);
  fields.refuse_others();
  const JsonNode records = root.field("records");
  run.records.reserve(records.array_size());
  for (std::size_t i = 0; i < records.array_size(); ++i) run.records.push_back(read_record(records.element(i)));
  read(root.field("tables"), run.tables);
  return run;
}

}  // namespace plumb
