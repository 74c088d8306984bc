// results.json of an accuracy run, written and read.
#include <nlohmann/json.hpp>

#include "reports/accuracy/formats.h"
#include "reports/accuracy/record_fields.h"
#include "reports/json_node.h"
#include "reports/json_number.h"
#include "reports/record_fields.h"

namespace plumb::accuracy {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFormat = "plumbline accuracy";
constexpr std::int64_t kVersion = 1;

// Visitor that collects fields into an object.
class Into {
 public:
  explicit Into(Json& object) : object_(object) { object_ = Json::object(); }
  template <class T>
  void operator()(const char* name, const T& field) {
    object_[name] = to_json(field);
  }

 private:
  static Json to_json(double value) { return number_to_json(value); }
  static Json to_json(Outcome value) { return plumb::to_string(value); }
  static Json to_json(Kind value) { return to_string(value); }
  static Json to_json(const Interval& value) {
    Json json;
    visit_interval(value, Into(json));
    return json;
  }
  static Json to_json(const Cost& value) {
    Json json;
    visit_cost(value, Into(json));
    return json;
  }
  static Json to_json(const Layer& value) {
    Json json;
    visit_layer(value, Into(json));
    return json;
  }
  static Json to_json(const Peer& value) {
    Json json;
    visit_peer(value, Into(json));
    return json;
  }
  template <class T>
  static Json to_json(const std::vector<T>& values) {
    Json array = Json::array();
    for (const T& value : values) array.push_back(to_json(value));
    return array;
  }
  template <class T>
  static Json to_json(const T& value) {
    return value;
  }

  Json& object_;
};

// Visitor that reads fields of an object, and at last refuses what it did not read.
class From {
 public:
  explicit From(const JsonNode& object) : object_(object) {}
  template <class T>
  void operator()(const char* name, T& field) {
    names_.push_back(name);
    read(object_.field(name), field);
  }
  void refuse_others(std::vector<std::string_view> known = {}) const {
    known.insert(known.end(), names_.begin(), names_.end());
    object_.refuse_fields_except(known);
  }

  static void read(const JsonNode& node, Record& record) {
    From fields(node);
    visit_record(record, fields);
    fields.refuse_others();
  }

 private:
  static void read(const JsonNode& node, std::string& value) { value = node.text(); }
  static void read(const JsonNode& node, std::int64_t& value) { value = node.integer(); }
  static void read(const JsonNode& node, std::uint64_t& value) { value = node.natural(); }
  static void read(const JsonNode& node, bool& value) { value = node.boolean(); }
  static void read(const JsonNode& node, double& value) { value = node.number(); }
  static void read(const JsonNode& node, Outcome& value) {
    value = node.checked([](const auto& n) { return outcome_from_string(n.text()); });
  }
  static void read(const JsonNode& node, Kind& value) {
    value = node.checked([](const auto& n) { return kind_from_string(n.text()); });
  }
  static void read(const JsonNode& node, Interval& interval) {
    From fields(node);
    visit_interval(interval, fields);
    fields.refuse_others();
  }
  static void read(const JsonNode& node, Cost& cost) {
    From fields(node);
    visit_cost(cost, fields);
    fields.refuse_others();
  }
  static void read(const JsonNode& node, Layer& layer) {
    From fields(node);
    visit_layer(layer, fields);
    fields.refuse_others();
  }
  static void read(const JsonNode& node, Peer& peer) {
    From fields(node);
    visit_peer(peer, fields);
    fields.refuse_others();
  }
  template <class T>
  static void read(const JsonNode& node, std::vector<T>& values) {
    values.resize(node.array_size());
    for (std::size_t i = 0; i < values.size(); ++i) read(node.element(i), values[i]);
  }

  const JsonNode& object_;
  std::vector<std::string_view> names_;
};

std::string dumped(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace

std::string write_json(const Run& run) {
  Json info, facts;
  visit_info(run.info, Into(info));
  visit_facts(run, Into(facts));
  facts["info"] = info;
  std::string text = "{\"format\":\"" + std::string(kFormat) + "\",\"version\":" + std::to_string(kVersion) + ",\n" +
                     dumped(facts).substr(1);
  text.back() = ',';
  text += "\n\"records\":[";
  const char* separator = "\n";
  for (const Record& record : run.records) {
    Json json;
    visit_record(record, Into(json));
    text += separator + dumped(json);
    separator = ",\n";
  }
  return text + "\n]}\n";
}

Run read_json(std::string_view text) {
  const nlohmann::json value = parse_json(text);
  const JsonNode root(value);
  if (root.field("format").text() != kFormat) {
    root.field("format").refuse(std::string("expected \"") + kFormat + "\": results of plumb accuracy");
  }
  if (root.field("version").integer() != kVersion) root.field("version").refuse("written by another release of plumb?");
  Run run;
  From facts(root);
  visit_facts(run, facts);
  facts.refuse_others({"format", "version", "info", "records"});
  const JsonNode info = root.field("info");
  From fields(info);
  visit_info(run.info, fields);
  fields.refuse_others();
  const JsonNode records = root.field("records");
  run.records.resize(records.array_size());
  for (std::size_t i = 0; i < run.records.size(); ++i) From::read(records.element(i), run.records[i]);
  return run;
}

}  // namespace plumb::accuracy
