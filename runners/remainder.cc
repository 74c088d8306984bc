#include "runners/remainder.h"

#include <fmt/format.h>

#include <utility>

#include "reference/error.h"

namespace plumb {
namespace {

// Steps of one name are in the order of their places.
template <typename Named>
std::string key_of(const Named& named) {
  return named.op + '\n' + named.impl + '\n' + named.case_name;
}

}  // namespace

Remainder::Remainder(const std::vector<Unit>& units, const std::vector<Record>& found) {
  std::size_t place = 0;
  for (const Unit& unit : units) {
    for (const Step& step : unit.steps) open_.emplace(key_of(step), place++);
  }
  records_.resize(place);
  for (const Record& record : found) put(record);
  place = 0;
  for (const Unit& unit : units) {
    Unit rest{{}, unit.begin, unit.finish};
    for (const Step& step : unit.steps) {
      if (!records_[place++]) rest.steps.push_back(step);
    }
    if (!rest.steps.empty()) units_.push_back(std::move(rest));
  }
}

void Remainder::put(Record record) {
  const auto place = open_.find(key_of(record));
  if (place == open_.end()) {
    throw Error(fmt::format("{} of {}: a record that belongs to no case that is left", record.impl, record.case_name));
  }
  records_[place->second] = std::move(record);
  open_.erase(place);
}

std::vector<Record> Remainder::completed(std::vector<Record> reached) {
  for (Record& record : reached) put(std::move(record));
  std::vector<Record> all;
  for (auto& record : records_) {
    if (record) all.push_back(std::move(*record));
  }
  return all;
}

}  // namespace plumb
