#include "property_tests/faults/catalogue.h"

#include <fmt/format.h>

#include "impls/vulkan/discovery.h"
#include "property_tests/faults/rebuilt/rebuilt.h"
#include "reference/error.h"
#include "reference/names.h"

namespace plumb::faults {
namespace {

Entry entry_of(const Rebuilt& fault) {
  const bool shader = std::string_view(fault.place) == "shader";
  const std::string unavailable = shader ? vulkan::discovery().unavailable : "";
  return {.id = fault.id,
          .link = fault.link,
          .op = fault.op,
          .place = fault.place,
          .mechanism = fault.mechanism,
          .probe = fault.probe,
          .diagnosis = fault.diagnosis,
          .touches = "1",
          .missed_because = fault.may_be_missed,
          .impl = std::make_unique<Builtin>("fault." + std::string(fault.id), unavailable, fault.make())};
}

// A formula over rows and columns says nothing of a whole case.
std::string touches_case(const std::string& touches) {
  const bool of_elements = touches.find("row") != touches.npos || touches.find("column") != touches.npos;
  return of_elements ? "1" : touches;
}

Entry entry_of(const Fault& fault) {
  return {.id = fmt::format("{}/{}", fault.op, fault.id),
          .link = {},
          .op = fault.op,
          .place = "elementary",
          .mechanism = fault.mechanism,
          .probe = {},
          .diagnosis = expected_words(fault),
          .touches = touches_case(fault.touches),
          .missed_because = {},
          .hangs = fault.outcome == Outcome::hang,
          .impl = make_faulty(fault)};
}

}  // namespace

std::vector<Entry> catalogue(std::string_view id_pattern) {
  std::vector<Entry> entries;
  std::vector<std::string> ids;
  for (const Rebuilt& fault : rebuilt_faults()) {
    ids.emplace_back(fault.id);
    if (glob_match(id_pattern, fault.id)) entries.push_back(entry_of(fault));
  }
  for (const Fault& fault : listed_faults()) {
    ids.push_back(fmt::format("{}/{}", fault.op, fault.id));
    if (glob_match(id_pattern, ids.back())) entries.push_back(entry_of(fault));
  }
  if (entries.empty()) {
    throw Error(fmt::format("--id '{}' matches no fault; nearest: {}", id_pattern, nearest_names(id_pattern, ids)));
  }
  return entries;
}

}  // namespace plumb::faults
