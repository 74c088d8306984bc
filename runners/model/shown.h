// How errors show a value of a JSON file.
#pragma once

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>

namespace plumb::model {

/// The value, if it is a number, a text, true, false or null; else what it is and of how many parts. (dump() goes
/// through parts by recursion: a file of lists in lists would use up the stack.)
[[nodiscard]] inline std::string shown(const nlohmann::json& value) {
  if (!value.is_structured()) return value.dump();
  return fmt::format("{} of {}", value.is_array() ? "a list" : "an object", value.size());
}

}  // namespace plumb::model
