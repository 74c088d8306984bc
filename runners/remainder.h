// What is left to do of a list of units when some records are there already.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reports/record.h"
#include "runners/sandbox.h"

namespace plumb {

/// Records in the order of the steps, some of which are still to be reached.
class Remainder {
 public:
  /// `found` belong to steps of `units`, in any order; one that belongs to none is an Error.
  Remainder(const std::vector<Unit>& units, const std::vector<Record>& found);

  /// What is there, by step.
  [[nodiscard]] const std::vector<std::optional<Record>>& records() const { return records_; }
  /// The units with only the steps that have no record.
  [[nodiscard]] const std::vector<Unit>& units() const { return units_; }
  /// All records, in the order of the steps, once `units()` gave these. Some may be missing at places that nobody knows
  /// if the work was ended early: they are found by what they say of themselves.
  [[nodiscard]] std::vector<Record> completed(std::vector<Record> reached);

 private:
  void put(Record record);

  std::vector<std::optional<Record>> records_;
  std::vector<Unit> units_;
  std::multimap<std::string, std::size_t> open_;  // places without a record, by step
};

}  // namespace plumb
