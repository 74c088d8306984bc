// Matching of names that users type.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace plumb {

/// Shell-style match: `*` any text, `?` any character; several patterns may be separated by commas.
[[nodiscard]] bool glob_match(std::string_view patterns, std::string_view name);

/// The three candidates nearest to `name` by edit distance, nearest first, joined by ", ".
[[nodiscard]] std::string nearest_names(std::string_view name, std::vector<std::string> candidates);

/// `word` as a POSIX shell reads it: quoted unless it is plain.
[[nodiscard]] std::string shell_quoted(std::string_view word);

}  // namespace plumb
