// Doubles in JSON, which has no infinities and no NaN.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace plumb {

/// A number if finite, else "inf", "-inf", "nan" or "nan:HEX" (see json.h).
[[nodiscard]] nlohmann::ordered_json number_to_json(double value);

/// The non-finite double that number_to_json spells so; nothing for another word.
[[nodiscard]] std::optional<double> number_from_word(const std::string& word);

}  // namespace plumb
