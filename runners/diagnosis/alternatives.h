// The mistakes that a diagnosis names, of which one case alone often leaves several.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace plumb {

/// The alternatives of a diagnosis, "a; or b; or c".
[[nodiscard]] std::vector<std::string> alternatives_of(const std::string& diagnosis);
[[nodiscard]] std::string joined_alternatives(std::span<const std::string> alternatives);

/// A mistake whatever inputs it is about: "of group 0 taken for all groups".
[[nodiscard]] std::string kind_of(const std::string& alternative);

/// Diagnoses of one implementation of one operator: of the alternatives of each, those stay that explain most of the
/// others, too.
void keep_common(std::span<std::string* const> diagnoses);

}  // namespace plumb
